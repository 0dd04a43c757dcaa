"""The claims: what the demo says about Holdfast, each held against what the system left."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from account import Settled
from batch import Worked
from crash import Crash
from journal import Payment


@dataclass(frozen=True)
class Claim:
    """A sentence with its figures, and whether they bear it out."""

    text: str
    holds: bool


def claims(
    worked: Worked, successor: int | None, invoices: Sequence[Settled], payments: Sequence[Payment]
) -> Iterator[Claim]:
    """Every claim, also those that do not hold. `successor` is the worker that took the dead one's place."""
    done = [invoice for invoice in invoices if invoice.status == "idle"]
    yield Claim(f"every invoice came to its end: {len(done)} of {len(invoices)}", len(done) == len(invoices))
    yield _went_on(worked.crash)
    yield _ran_once(worked)
    yield Claim(f"worker {worked.crash.pid} was replaced, by itself: {successor}", successor is not None)
    yield from _about_payments(invoices, payments)


def _went_on(crash: Crash) -> Claim:
    comeback, recoveries = crash.watched.comeback, crash.recoveries()
    if comeback is None:
        return Claim(f"the runs of the killed worker went on: {crash.watched.invoice_id} did not", False)
    return Claim(
        f"the runs of the killed worker went on by themselves, {len(recoveries)} of {len(crash.aboard)}; "
        f"recovery took {recoveries[0]:.1f} to {recoveries[-1]:.1f} s",
        [call.tool for call in comeback.cut_off] == ["screen_supplier"],
    )


def _ran_once(worked: Worked) -> Claim:
    kept = sum(len(review.comeback.kept) for review in worked.reviews if review.comeback)
    repeated = sum(len(review.repeated()) for review in worked.reviews)
    return Claim(f"of their {kept} finished tool calls {repeated or 'none'} ran again", not repeated)


def _about_payments(invoices: Sequence[Settled], payments: Sequence[Payment]) -> Iterator[Claim]:
    paid, keys = {p.invoice_id for p in payments}, {p.idempotency_key for p in payments}
    yield Claim(
        f"no payment was made twice: {len(payments)} in the journal, for {len(paid)} invoices, "
        f"with {len(keys)} idempotency keys",
        len(payments) == len(paid) == len(keys),
    )
    yield _in_the_ledger(invoices, paid)
    rejected = {i.invoice_id for i in invoices if any(d.verdict == "reject" for d in i.decisions)}
    yield Claim(
        f"what a person rejected was not paid: {', '.join(sorted(rejected)) or 'nothing was rejected'}",
        not rejected & paid,
    )


def _in_the_ledger(invoices: Sequence[Settled], paid: Collection[str]) -> Claim:
    """What the effect ledger calls done is what the journal holds."""
    effects = [(invoice.invoice_id, effect) for invoice in invoices for effect in invoice.effects]
    counts = Counter(f"{effect.tool} {effect.state}" for _, effect in effects)
    done = [
        invoice_id for invoice_id, effect in effects if (effect.tool, effect.state) == ("pay_invoice", "done")
    ]
    listed = ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
    return Claim(
        f"the effect ledger agrees: {listed}; "
        f"{len(effects)} effects, {sum(effect.attempts for _, effect in effects)} starts",
        sorted(done) == sorted(paid),
    )
