from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from stream.adapters.google_sheet_key import read_key, read_sheet_id
from stream.adapters.google_sheet_quota import Quota
from stream.errors import SettingsError
from stream.settings import Settings
from stream.sheet.check import check_sheet
from tests.stand_ins.sheets_server import SheetsServer


@pytest.fixture(scope="module")
def key() -> dict[str, Any]:
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return {
        "type": "service_account",
        "client_email": "desk@project.iam.gserviceaccount.com",
        "private_key": made.private_bytes(*form).decode(),
        "token_uri": "https://oauth2.googleapis.com/token",
    }


def look(server: SheetsServer, key: str, tmp_path: Path, sheet_id: str = "sheet") -> tuple[bool, str]:
    settings = Settings(
        _env_file=None, cs_sheet_id=sheet_id, google_service_account_key=key, sheets_api_url=server.url, data_dir=tmp_path
    )
    found = check_sheet(settings)
    return all(each.is_well for each in found), " ".join(f"{each.told} {each.to_do}" for each in found)


def test_a_key_is_taken_as_file_as_text_as_base64_and_with_its_line_ends_spelt_out(
    server: SheetsServer, key: dict[str, Any], tmp_path: Path
) -> None:
    text = json.dumps(key)
    (tmp_path / "key.json").write_text(text)
    spelt = json.dumps({**key, "private_key": key["private_key"].replace("\n", "\\n")})
    for form in (text, str(tmp_path / "key.json"), base64.b64encode(text.encode()).decode(), spelt):
        is_well, told = look(server, form, tmp_path)
        assert is_well
        assert "desk@project.iam.gserviceaccount.com may edit" in told


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda server: server.books.clear(), "no sheet with this id (404)"),
        (lambda server: server.forbidden.update(sheet="The caller does not have permission"), "share it with desk@project"),
        (lambda server: server.read_only.add("sheet"), "share it with desk@project"),
        (lambda server: server.forbidden.update(sheet="Google Sheets API has not been used in project 12"), "switched off"),
        (lambda server: server.book.add_tab("Closed tickets"), "Rename the tab of tickets back"),
    ],
)
def test_each_thing_that_can_be_wrong_is_told_apart(
    server: SheetsServer, key: dict[str, Any], tmp_path: Path, prepare: Callable[[SheetsServer], Any], words: str
) -> None:
    prepare(server)
    is_well, told = look(server, json.dumps(key), tmp_path)
    assert not is_well
    assert words in told


def test_a_broken_key_says_what_is_broken(key: dict[str, Any]) -> None:
    for text, words in (
        ("", "is empty"),
        ("/no/such/file", "neither a file"),
        ("{not json", "is no JSON"),
        (json.dumps({"client_email": "x"}), "no private_key and no token_uri"),
        (base64.b64encode(b"{}").decode(), "no client_email"),
    ):
        with pytest.raises(SettingsError, match=words):
            read_key(text)
    damaged = {**key, "private_key": key["private_key"][:200]}
    settings = Settings(
        _env_file=None, cs_sheet_id="sheet", google_service_account_key=json.dumps(damaged), sheets_api_url="http://127.0.0.1:9"
    )
    [found] = check_sheet(settings)
    assert "is damaged" in found.told


def test_half_of_the_settings_is_an_error(tmp_path: Path) -> None:
    [found] = check_sheet(Settings(_env_file=None, google_service_account_key="{}", data_dir=tmp_path))
    assert "CS_SHEET_ID is not" in found.told


def test_an_address_is_as_good_as_an_id() -> None:
    sheet_id = "1AbC-dEf_0123456789"
    for text in (sheet_id, f"https://docs.google.com/spreadsheets/d/{sheet_id}/edit?gid=0#gid=0", f" {sheet_id}\n"):
        assert read_sheet_id(text) == sheet_id
    with pytest.raises(SettingsError):
        read_sheet_id("my sheet!")


def test_the_quota_is_kept_in_every_minute() -> None:
    now = [0.0]
    quota = Quota(45, 45, lambda: now[0], lambda seconds: now.__setitem__(0, now[0] + seconds))
    taken = []
    for _ in range(400):
        quota.take("write")
        taken.append(now[0])
    assert max(sum(1 for other in taken if at - 60 < other <= at) for at in taken) <= 56
