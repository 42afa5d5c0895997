export default function ({ data }) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = data.name + "=" + data.value + "; Path=/; SameSite=Strict; Max-Age=" + data.max_age + secure;
}
