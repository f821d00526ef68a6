"""Histograms as polluxd and load_generator give them: pairs of the least value of a step and how often. A step is an
eighth of its power of two wide (dataplane/port/residence.h).
"""


def end_of(floor):
    return floor + (1 << max(0, floor.bit_length() - 4))


def quantile(steps, share):
    """The end of the step that this share of the samples does not exceed; None where there are none."""
    total, seen = sum(count for _, count in steps), 0
    for floor, count in sorted(steps):
        seen += count
        if seen >= share * total:
            return end_of(floor)
    return None
