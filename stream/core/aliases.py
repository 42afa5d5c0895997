"""The alias table of a group: joins the LID and the phone address of one person as messages and rosters tell them.

A person is filed under their LID once it is known, before that under their phone. WhatsApp may show the two forms in
different messages and say only later that they are one person: then both entries become one, filed under the LID.
Brazilian numbers with and without the ninth digit are different addresses here; WhatsApp says which ones are the same.
"""

from __future__ import annotations

from stream.core.people import Person, Sender


def current_key(people: dict[str, Person], address: str) -> str:
    """Return the key under which the owner of this address (or of this older key) is filed now, or the address itself."""
    if address in people:
        return address
    return next((key for key, person in people.items() if person.phone == address), address)


def person_key(people: dict[str, Person], sender: Sender) -> str:
    """Return the key of a sender: their LID when it is told or known, else their phone, else `unknown`."""
    return sender.lid or current_key(people, sender.address)


def learn(people: dict[str, Person], sender: Sender) -> dict[str, Person]:
    """Return the people with what this sender tells: the same dict when it tells nothing new, else another one.

    A phone belongs to one person: when it shows up with another LID (a new account, a recycled number), the newer wins.
    """
    if sender.lid is None and sender.phone is None:
        return people
    key = person_key(people, sender)
    known = people.get(key) or Person(key=key)
    if sender.lid is not None and sender.phone is not None and known.phone != sender.phone:
        return _join(people, known, sender)
    person = known.but(lid=sender.lid or known.lid, phone=sender.phone or known.phone, name=sender.name or known.name)
    return people if people.get(key) == person else {**people, key: person}


def _join(people: dict[str, Person], known: Person, sender: Sender) -> dict[str, Person]:
    """Give the sender's phone to the person with the sender's LID, and take it from whoever had it."""
    holder = people.get(current_key(people, sender.phone or ""))
    others = {key: person for key, person in people.items() if key != known.key}
    name = sender.name or known.name
    if holder is not None and holder.lid is None:
        del others[holder.key]
        name = name or holder.name
    elif holder is not None:
        others[holder.key] = holder.but(phone=None)
    others[known.key] = Person(key=known.key, lid=sender.lid, phone=sender.phone, name=name)
    return others
