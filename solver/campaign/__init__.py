"""Campaigns: sweeps in a folder of parts, which nothing that happens to the machine can lose.

    from leakflow.solver.campaign import Campaign
    campaign = Campaign.create("prk-campaign", "prk-july-2021", samples=10_000_000)
    campaign.run()
    campaign.merge("prk.nc")

Names are loaded when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .compute import PartReceipt, compute_part, mark_lost
    from .digest import data_digest, file_digest
    from .folder import Campaign
    from .merge import merge_parts
    from .merge_process import Merged
    from .status import CampaignStatus

_HOMES = {
    "Campaign": "folder",
    "CampaignStatus": "status",
    "Merged": "merge_process",
    "PartReceipt": "compute",
    "compute_part": "compute",
    "data_digest": "digest",
    "file_digest": "digest",
    "mark_lost": "compute",
    "merge_parts": "merge",
}

__all__ = [
    "Campaign", "CampaignStatus", "Merged", "PartReceipt", "compute_part", "data_digest", "file_digest",
    "mark_lost", "merge_parts",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
