"""Proving who someone is: one message for every refusal, a code that works once, a lock that grows and ends."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from argon2 import Type
from sqlmodel import select

from acts import signers
from acts.signers import prove, sign_in, signer_facts
from adapters import credentials
from adapters.operational_store import reading, writing
from models.codes import AuthenticatedHow, Role
from models.columns import utc_now
from models.errors import NotAllowed
from models.operational import AuditEvent, Licence, Staff
from tests import quicker
from tests.factories import TOTP_SECRET, fresh_code, make_location, make_signer

pytestmark = pytest.mark.usefixtures("home")

PASSWORD = "bafe-ludo-mine-taro"
HASHED = credentials.hash_password(PASSWORD)
DESK, PREFECT = AuthenticatedHow.DESK_PASSWORD_AND_CODE, AuthenticatedHow.PREFECT_CODE


def someone(**given: object) -> Staff:
    return make_signer(location=make_location(), **{"password_hash": HASHED, **given})  # type: ignore[arg-type]


def now_of(staff: Staff) -> Staff:
    with reading() as db:
        return db.get_one(Staff, staff.id)


def set_to(staff: Staff, **facts: object) -> None:
    with writing() as db:
        row = db.get_one(Staff, staff.id)
        for name, value in facts.items():
            setattr(row, name, value)
        db.add(row)


def wrong_code(staff: Staff) -> str:
    """Six digits that are none of the three codes valid now."""
    return next(
        code
        for code in ("000000", "111111", "222222", "333333")
        if not credentials.matching_step(TOTP_SECRET, code, utc_now())
    )


def test_sign_in_gives_the_person_of_the_address_whatever_its_case() -> None:
    staff = someone()
    assert sign_in(f" {staff.email.upper()} ", PASSWORD, fresh_code(staff.id)).id == staff.id


def test_sign_in_takes_a_code_typed_in_two_halves() -> None:
    staff = someone()
    code = fresh_code(staff.id)
    assert sign_in(staff.email, PASSWORD, f"{code[:3]} {code[3:]}").id == staff.id


def test_sign_in_refuses_every_cause_with_one_message() -> None:
    staff, gone = someone(), someone(active=False)
    locked = someone(locked_until=utc_now() + timedelta(minutes=1))
    tries = [
        ("nobody@example.org", PASSWORD, fresh_code(staff.id)),
        (staff.email, "wrong", fresh_code(staff.id)),
        (staff.email, "", fresh_code(staff.id)),
        (staff.email, PASSWORD, wrong_code(staff)),
        (staff.email, PASSWORD, ""),
        (staff.email, PASSWORD, "12345"),
        (staff.email, PASSWORD, "１２３４５６"),  # noqa: RUF001  digits of another script
        (staff.email, PASSWORD, "12345²"),
        (gone.email, PASSWORD, fresh_code(gone.id)),
        (locked.email, PASSWORD, fresh_code(locked.id)),
    ]
    said = set()
    for email, password, code in tries:
        set_to(staff, locked_until=None, failed_attempts=0)
        with pytest.raises(NotAllowed) as refused:
            sign_in(email, password, code)
        said.add(str(refused.value))
    assert said == {signers.REFUSED}


def test_wrong_password_does_not_use_up_the_code() -> None:
    staff = someone()
    code = fresh_code(staff.id)
    with pytest.raises(NotAllowed):
        sign_in(staff.email, "wrong", code)
    assert sign_in(staff.email, PASSWORD, code).id == staff.id


def test_account_without_a_secret_or_a_password_proves_nothing() -> None:
    bare = someone(totp_secret="")
    with pytest.raises(NotAllowed):
        prove(bare.id, code="000000", password=PASSWORD, how=DESK)
    no_password = someone(password_hash="")
    with pytest.raises(NotAllowed):
        prove(no_password.id, code=fresh_code(no_password.id), password="", how=DESK)


def make_bare(**given: object) -> Staff:
    return make_signer(location=make_location(), **given)  # type: ignore[arg-type]


def test_code_works_once() -> None:
    staff = make_bare()
    code = fresh_code(staff.id)
    prove(staff.id, code=code, password=None, how=PREFECT)
    with pytest.raises(NotAllowed):
        prove(staff.id, code=code, password=None, how=PREFECT)


def test_code_older_than_the_last_used_one_is_refused() -> None:
    staff = make_bare()
    now = utc_now()
    older = credentials.totp_now(TOTP_SECRET, now - timedelta(seconds=credentials.STEP_SECONDS))
    prove(staff.id, code=fresh_code(staff.id), password=None, how=PREFECT)
    with pytest.raises(NotAllowed):
        prove(staff.id, code=older, password=None, how=PREFECT)


@pytest.mark.parametrize("how", [how for how in AuthenticatedHow if how != PREFECT])
def test_code_alone_is_enough_only_in_prefects_dialog(how: AuthenticatedHow) -> None:
    staff = someone()
    with pytest.raises(NotAllowed):
        prove(staff.id, code=fresh_code(staff.id), password=None, how=how)
    assert prove(staff.id, code=fresh_code(staff.id), password=None, how=PREFECT).id == staff.id


def test_two_uses_of_one_code_at_the_same_time_are_one() -> None:
    staff = make_bare()
    code = fresh_code(staff.id)
    both_ready = Barrier(2)

    def use(_: int) -> bool:
        both_ready.wait()
        try:
            prove(staff.id, code=code, password=None, how=PREFECT)
        except NotAllowed:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(use, range(2))) == [False, True]


def fail(staff: Staff, how: AuthenticatedHow = DESK) -> None:
    with pytest.raises(NotAllowed):
        prove(staff.id, code=wrong_code(staff), password=PASSWORD, how=how)


COUNT = {DESK: "failed_attempts", PREFECT: "prefect_failures"}
LOCK = {DESK: "locked_until", PREFECT: "prefect_locked_until"}
OTHER = {DESK: PREFECT, PREFECT: DESK}


@pytest.mark.parametrize("how", [DESK, PREFECT])
@pytest.mark.parametrize(
    ("failures_before", "minutes"),
    [(0, None), (3, None), (4, 1), (5, 2), (6, 4), (9, 32), (10, 60), (40, 60)],
)
def test_lock_grows_with_every_further_failure(
    failures_before: int, minutes: int | None, how: AuthenticatedHow
) -> None:
    staff = make_bare(**{COUNT[how]: failures_before})
    before = utc_now()
    fail(staff, how)
    after = utc_now()
    locked_until = getattr(now_of(staff), LOCK[how])
    assert getattr(now_of(staff), COUNT[how]) == failures_before + 1
    assert (getattr(now_of(staff), COUNT[OTHER[how]]), getattr(now_of(staff), LOCK[OTHER[how]])) == (0, None)
    if minutes is None:
        assert locked_until is None
    else:
        assert locked_until is not None
        assert before <= locked_until - timedelta(minutes=minutes) <= after


@pytest.mark.parametrize("how", [DESK, PREFECT])
def test_locked_door_refuses_the_right_code_and_counts_nothing(how: AuthenticatedHow) -> None:
    staff = someone(**{COUNT[how]: 5, LOCK[how]: utc_now() + timedelta(minutes=2)})
    with pytest.raises(NotAllowed):
        prove(staff.id, code=fresh_code(staff.id), password=PASSWORD, how=how)
    assert (getattr(now_of(staff), COUNT[how]), now_of(staff).totp_last_step) == (5, 0)


@pytest.mark.parametrize("how", [DESK, PREFECT])
def test_locked_door_leaves_the_other_one_open(how: AuthenticatedHow) -> None:
    locked = {COUNT[how]: 9, LOCK[how]: utc_now() + timedelta(hours=1)}
    staff = someone(**locked)
    assert prove(staff.id, code=fresh_code(staff.id), password=PASSWORD, how=OTHER[how]).id == staff.id
    assert {name: getattr(now_of(staff), name) for name in locked} == locked


def test_lock_that_falls_between_the_look_and_the_use_of_the_code_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    staff = make_bare()
    code, matching = fresh_code(staff.id), credentials.matching_step

    def lock_meanwhile(*given: object) -> int | None:
        set_to(staff, prefect_locked_until=utc_now() + timedelta(hours=1))
        return matching(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(credentials, "matching_step", lock_meanwhile)
    with pytest.raises(NotAllowed):
        prove(staff.id, code=code, password=None, how=PREFECT)
    assert now_of(staff).totp_last_step == 0


def test_failures_at_the_same_moment_are_all_counted() -> None:
    staff = make_bare()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: fail(staff, PREFECT), range(4)))
    assert now_of(staff).prefect_failures == 4


@pytest.mark.parametrize("how", [DESK, PREFECT])
def test_lock_ends_and_the_right_code_clears_the_count(how: AuthenticatedHow) -> None:
    staff = someone(**{COUNT[how]: 7, LOCK[how]: utc_now() - timedelta(seconds=1)})
    prove(staff.id, code=fresh_code(staff.id), password=PASSWORD, how=how)
    assert (getattr(now_of(staff), COUNT[how]), getattr(now_of(staff), LOCK[how])) == (0, None)


def test_failure_after_a_lock_locks_for_longer() -> None:
    staff = make_bare(failed_attempts=6, locked_until=utc_now() - timedelta(seconds=1))
    before = utc_now()
    fail(staff)
    locked_until = now_of(staff).locked_until
    assert locked_until is not None and locked_until >= before + timedelta(minutes=4)


def test_every_failure_is_on_record_without_what_was_typed() -> None:
    staff = someone()
    with pytest.raises(NotAllowed):
        sign_in(staff.email, "marker-password", "123123")
    with reading() as db:
        events = db.exec(select(AuditEvent).where(AuditEvent.action == "sign_in.refused")).all()
    assert [(event.subject_id, event.details) for event in events] == [(staff.id, {"how": DESK.value, "failures": 1})]


def test_signer_facts_count_licences_that_are_valid_that_day() -> None:
    staff = make_bare(states=("OR",))
    with writing() as db:
        today = utc_now().date()
        for state, ends in (("WA", today), ("CA", today - timedelta(days=1))):
            db.add(Licence(clinician_id=staff.id, state=state, number="x", expires_on=ends))
    facts = signer_facts(staff.id, today)
    assert facts.licensed_states == {"OR", "WA"}
    assert (facts.role, facts.active, facts.location_ids) == (Role.CLINICIAN, True, frozenset(staff.location_ids))


def test_signer_facts_of_a_coordinator_hold_no_licence() -> None:
    staff = make_bare(role=Role.COORDINATOR)
    assert signer_facts(staff.id, utc_now().date()).licensed_states == frozenset()


@pytest.mark.parametrize("known", [True, False])
def test_known_browsers_have_a_count_and_a_lock_of_their_own(known: bool) -> None:
    staff = someone()
    for _ in range(5):
        with pytest.raises(NotAllowed):
            prove(staff.id, code=wrong_code(staff), password=PASSWORD, how=DESK, known=known)
    with pytest.raises(NotAllowed):
        prove(staff.id, code=fresh_code(staff.id), password=PASSWORD, how=DESK, known=known)
    assert prove(staff.id, code=fresh_code(staff.id), password=PASSWORD, how=DESK, known=not known).id == staff.id


def test_installed_passwords_cost_what_rfc_9106_asks_for_where_memory_is_short() -> None:
    """Tests hash cheaply; an installation does not."""
    real = quicker.hasher_as_installed()
    assert real is not credentials._hasher()
    assert (real.type, real.time_cost, real.memory_cost, real.parallelism) == (Type.ID, 3, 64 * 1024, 4)


@pytest.mark.parametrize("cause", ["nobody", "closed", "locked", "wrong password", "wrong code", "no password set"])
def test_every_refusal_hashes_the_password_once(monkeypatch: pytest.MonkeyPatch, cause: str) -> None:
    """The time an answer takes is that of one hash, whatever is wrong."""
    later = utc_now() + timedelta(minutes=1)
    facts = {"closed": {"active": False}, "locked": {"locked_until": later}, "no password set": {"password_hash": ""}}
    staff = someone(**facts.get(cause, {}))
    hashed: list[str] = []
    verify = credentials._hasher().__class__.verify

    def counted(hasher: object, of: str, password: str) -> bool:
        hashed.append(of)
        return verify(hasher, of, password)  # type: ignore[arg-type]

    monkeypatch.setattr(credentials._hasher().__class__, "verify", counted)
    code = wrong_code(staff) if cause == "wrong code" else fresh_code(staff.id)
    email = "nobody@example.org" if cause == "nobody" else staff.email
    with pytest.raises(NotAllowed):
        sign_in(email, "wrong" if cause == "wrong password" else PASSWORD, code)
    assert len(hashed) == 1 and hashed[0].startswith("$argon2id$")
