from __future__ import annotations

import os
import random

from torture import torture


def test_twenty_kills_at_random_moments_lose_nothing_and_double_nothing(tmp_path):
    """``TORTURE_SEED`` plays a run again; ``make torture`` kills ten times as often, and at every 25th write or fsync."""
    torture(tmp_path, int(os.environ.get("TORTURE_KILLS", "20")), int(os.environ.get("TORTURE_SEED", random.randrange(1_000_000))))
