"""The commands of campaigns: resume, status, extend, merge; and `sweep --campaign`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from ._cli_cluster import (
    Cluster,
    Scheduler,
    TlsAuthority,
    TlsCertificate,
    TlsKey,
    Workers,
    chosen_cluster,
)
from ._cli_options import AsJson, Quiet, whole
from ._command_border import FAILED_SAMPLES, border, fail, print_json, printing, writing
from ._command_files import RESULTS_SUFFIXES, check_suffix
from ._interrupts import INTERRUPTED, interruptible

if TYPE_CHECKING:
    from .campaign import Campaign, CampaignStatus, Merged
    from .case import Case

__all__ = ["PartSamples", "Shard", "ShardOption", "begin_campaign", "register", "show_merged"]


class Shard(tuple[int, int]):
    """Number and count of a shard."""


def read_shard(text: str) -> Shard:
    """Read ``2/8``: the third of eight shards."""
    match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text)
    if match and int(match[1]) < int(match[2]):
        return Shard((int(match[1]), int(match[2])))
    raise typer.BadParameter(f"{text!r} is no shard: must be I/N with I from 0 to N - 1, as 0/8")


ShardOption = Annotated[
    Shard | None,
    typer.Option(
        "--shard", parser=read_shard, metavar="I/N", help="Only parts k with k mod N = I, for job arrays."
    ),
]
PartSamples = Annotated[
    int | None,
    typer.Option(
        "--part-samples",
        parser=whole,
        metavar="N",
        help="Of a part; by default 5 to 60 s of work, 16 to 64 MB.",
    ),
]
Threads = Annotated[int | None, typer.Option(parser=whole, metavar="N", help="By default all processors.")]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a campaign.")]
Samples = Annotated[int, typer.Option("--samples", "-n", parser=whole, metavar="M", help="How many in all.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (resume, status, extend, merge):
        app.command()(command)


def resume(
    folder: Folder,
    shard: ShardOption = None,
    threads: Threads = None,
    verify: Annotated[bool, typer.Option("--verify", help="Check the sha256 of all parts first.")] = False,
    scheduler: Scheduler = None,
    workers: Workers = None,
    tls_ca: TlsAuthority = None,
    tls_cert: TlsCertificate = None,
    tls_key: TlsKey = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Make the parts of a campaign that are missing, wherever it was stopped."""
    with border():
        from .campaign import Campaign

        cluster = chosen_cluster(scheduler, workers, tls_ca, tls_cert, tls_key, threads=threads)
        campaign = Campaign.open(folder)
        found, rate = _run(campaign, shard, threads, cluster, verify=verify, quiet=quiet or as_json)
        _tell(found, rate, as_json=as_json, quiet=quiet)
        _leave(found, shard)


def status(folder: Folder, as_json: AsJson = False) -> None:
    """Show how far a campaign is, from any terminal or machine that sees its folder."""
    with border():
        from .campaign import Campaign

        found = Campaign.open(folder).status()
        if as_json:
            print_json(found.to_dict())
        else:
            _show_status(found)


def extend(
    folder: Folder, samples: Samples, threads: Threads = None, as_json: AsJson = False, quiet: Quiet = False
) -> None:
    """Raise the number of samples of a campaign, and make those that are missing."""
    with border():
        from .campaign import Campaign

        campaign = Campaign.open(folder)
        with writing():
            campaign.extend(samples)
        found, rate = _run(campaign, None, threads, Cluster(), quiet=quiet or as_json)
        _tell(found, rate, as_json=as_json, quiet=quiet)
        _leave(found, None)


def merge(
    folder: Folder,
    out: Annotated[Path, typer.Option("--out", "-o", help="Results file, replaced if it is there.")],
    columns: Annotated[
        str | None, typer.Option(help="Only these variables, with commas between them.")
    ] = None,
    partial: Annotated[bool, typer.Option("--partial", help="Take the parts that are there.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Put the parts of a campaign into one results file."""
    with border():
        from .campaign import Campaign

        campaign = Campaign.open(folder)
        check_suffix("--out", out, RESULTS_SUFFIXES)
        names = None if columns is None else [name.strip() for name in columns.split(",") if name.strip()]
        merged = _merge(campaign, out, columns=names, partial=partial)
        show_merged(merged, None, as_json=as_json, quiet=quiet)


def begin_campaign(
    case: Case, folder: Path, *, out: Path | None, shard: Shard | None, part_samples: int | None,
    threads: int | None, cluster: Cluster, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Do what ``sweep --campaign`` does: begin one or go on with it, and merge it if a file is wanted."""
    from .campaign import Campaign

    if out is not None and shard is not None:
        fail([f"--out {out}: goes not with --shard; leakflow merge does it when all shards are done"], 2)
    if out is not None:
        from .results import check_destination

        with writing():
            check_destination(out)
    with interruptible(), writing():
        campaign = Campaign.create(
            folder, case, part_samples=part_samples, threads=threads, workers=cluster.size
        )
    if not (quiet or as_json):
        _say(f"campaign {campaign.id}")
    found, rate = _run(campaign, shard, threads, cluster, quiet=quiet or as_json)
    if out is None:
        _tell(found, rate, as_json=as_json, quiet=quiet)
        _leave(found, shard)
    else:
        show_merged(_merge(campaign, out), rate, as_json=as_json, quiet=quiet)


def show_merged(merged: Merged, rate: float | None, *, as_json: bool, quiet: bool) -> None:
    """Show what a merged file says, and leave with code 3 if samples failed."""
    from .file_summary import summarise_file

    summary, step = summarise_file(merged.path)
    if as_json:
        print_json(summary.to_dict() | {"samples_per_second": rate, "file": str(merged.path)})
    elif not quiet:
        from .console import say, show_summary, terminal

        console = terminal()
        with printing():
            show_summary(console, summary)
            if step > 1:
                say(console, f"quantiles: of every {step}th sample")
            if rate is not None:
                say(console, f"speed: {rate:,.0f} samples/s")
            say(console, f"file: {merged.path}")
    if summary.failed:
        raise typer.Exit(FAILED_SAMPLES)


def _run(
    campaign: Campaign, shard: Shard | None, threads: int | None, cluster: Cluster, *,
    verify: bool = False, quiet: bool,
) -> tuple[CampaignStatus, float | None]:  # fmt: skip
    """Make the missing parts; return how far it is then, and samples per second."""
    from .console import progress_bar, terminal

    with interruptible():
        try:
            with (
                writing(),
                cluster.client() as client,
                progress_bar(terminal(stderr=True), quiet=quiet) as (report, clock),
            ):
                found = campaign.run(
                    threads=threads, client=client, shard=shard, progress=report, verify=verify
                )
        except KeyboardInterrupt:
            _interrupted(campaign)
    return found, clock.rate()


def _tell(found: CampaignStatus, rate: float | None, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        print_json(found.to_dict() | {"samples_per_second": rate})
    elif not quiet:
        _show_status(found, rate)


def _leave(found: CampaignStatus, shard: Shard | None) -> None:
    """Leave with code 3 if samples failed; a shard says nothing of the whole."""
    if found.failed and shard is None:
        raise typer.Exit(FAILED_SAMPLES)


def _interrupted(campaign: Campaign) -> NoReturn:
    found = campaign.status()
    count = f"{found.samples:,} of {found.samples_wanted:,} samples are in {campaign.directory}"
    fail([f"interrupted; {count}; leakflow resume {campaign.directory} goes on"], INTERRUPTED)


def _merge(
    campaign: Campaign, out: Path, *, columns: list[str] | None = None, partial: bool = False
) -> Merged:
    from .results import check_destination

    with interruptible(), writing():
        check_destination(out)
        return campaign.merge(out, columns=columns, partial=partial)


def _show_status(found: CampaignStatus, rate: float | None = None) -> None:
    for line in _status_lines(found, rate):
        _say(line)


def _status_lines(found: CampaignStatus, rate: float | None) -> list[str]:
    from .console import duration

    reasons = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in found.reasons.items())
    share = found.failed / max(found.samples, 1)
    lines = [
        f"{found.directory}: {found.title}",
        f"parts: {found.parts:,} of {found.parts_wanted:,}, {found.bytes / 1e6:,.1f} MB",
        f"samples: {found.samples:,} of {found.samples_wanted:,}, "
        f"failed: {share:.3%}{f' ({reasons})' if reasons else ''}",
    ]
    if found.bad_parts:
        lines.append(f"bad parts: {found.bad_parts:,}; leakflow resume {found.directory} makes them again")
    if rate is not None:
        lines.append(f"speed: {rate:,.0f} samples/s")
    if found.is_complete:
        lines.append(f"complete; leakflow merge {found.directory} --out FILE makes one file of it")
        return lines
    if found.workers:
        rate, noun = found.samples_per_second, "process" if found.workers == 1 else "processes"
        speed = f"{rate:,.0f} samples/s" if rate else "speed not known yet"
        left = "" if found.seconds_left is None else f", {duration(found.seconds_left)} left"
        lines.append(f"at work: {found.workers} {noun}, {speed}{left}")
    elif rate is None:
        lines.append(f"nobody is at work; leakflow resume {found.directory} goes on")
    if found.seconds_since_last_sign is not None:
        lines.append(f"last sign of life: {duration(found.seconds_since_last_sign)} ago")
    return lines


def _say(line: str) -> None:
    from .console import say, terminal

    with printing():
        say(terminal(), line)
