"""Two plots as SVG: shares beyond a value on logarithmic axes, and bars on a logarithmic one."""

import html
import math

COLOURS = ('#1d4ed8', '#0f766e', '#b45309', '#be123c', '#6d28d9', '#334155')
WIDTH, LEFT, RIGHT = 860, 76, 700
STYLE = 'text { fill: #0f172a; font-size: 13px; } .grid { stroke: #e2e8f0; } .mid { text-anchor: middle; } ' \
        '.end { text-anchor: end; } .title { font-size: 16px; } path { fill: none; stroke-width: 1.8; }'


def document(height, title, parts):
    return '\n'.join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
        f'<style>{STYLE}</style><rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text class="title" x="{LEFT}" y="30">{html.escape(title)}</text>', *parts, '</svg>', ''])


def text(x, y, words, style=''):
    return f'<text x="{x:.0f}" y="{y:.0f}" class="{style}">{html.escape(words)}</text>'


def grid_line(x1, y1, x2, y2):
    return f'<line class="grid" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def beyond(steps):
    """Points of (value, share of the samples in steps from it on)."""
    total, left, points = sum(count for _, count in steps), 0, []
    for value, count in sorted(steps, reverse=True):
        left += count
        points.append((value, left / total))
    return points[::-1]


def lines(title, unit, curves, top=60, bottom=420):
    """`curves`: name -> pairs of least value and count. Share of samples that are longer, by value."""
    values = [value for steps in curves.values() for value, _ in steps if value > 0]
    if not values:
        raise ValueError('nothing to plot')
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values) * 1.01))
    least = min(1 / sum(count for _, count in steps) for steps in curves.values())
    floor = math.floor(math.log10(least))

    def x_of(value):
        return LEFT + (RIGHT - LEFT) * (math.log10(max(value, 10 ** low)) - low) / (high - low)

    def y_of(share):
        return top + (bottom - top) * math.log10(share) / floor

    parts = []
    for power in range(low, high + 1):
        parts += [grid_line(x_of(10 ** power), top, x_of(10 ** power), bottom),
                  text(x_of(10 ** power), bottom + 20, f'{10.0 ** power:g} {unit}', 'mid')]
    for power in range(floor, 1):
        parts += [grid_line(LEFT, y_of(10 ** power), RIGHT, y_of(10 ** power)),
                  text(LEFT - 8, y_of(10 ** power) + 4, f'{100 * 10.0 ** power:g} %', 'end')]
    for i, (name, steps) in enumerate(curves.items()):
        colour = COLOURS[i % len(COLOURS)]
        points = ' '.join(f'{"L" if n else "M"}{x_of(value):.1f} {y_of(share):.1f}'
                          for n, (value, share) in enumerate(beyond(steps)))
        parts += [f'<path stroke="{colour}" d="{points}"/>',
                  f'<rect x="{RIGHT + 20}" y="{top + 24 * i}" width="14" height="14" fill="{colour}"/>',
                  text(RIGHT + 42, top + 24 * i + 12, name)]
    return document(bottom + 40, title, parts)


def bars(title, values, top=60, height=24):
    """`values`: name -> number, on a logarithmic axis."""
    shown = {name: value for name, value in values.items() if value}
    if not shown:
        raise ValueError('nothing to plot')
    left = 240
    low = math.floor(math.log10(min(shown.values())) - 0.1)
    high = math.ceil(math.log10(max(shown.values())))
    bottom = top + height * len(shown)

    def x_of(value):
        return left + (WIDTH - 90 - left) * (math.log10(value) - low) / (high - low)

    parts = []
    for power in range(low, high + 1):
        parts += [grid_line(x_of(10 ** power), top, x_of(10 ** power), bottom),
                  text(x_of(10 ** power), bottom + 20, f'{10.0 ** power:g}', 'mid')]
    for i, (name, value) in enumerate(shown.items()):
        y = top + height * i
        colour = COLOURS[0] if 'Pollux' in name or name.startswith('af_') else COLOURS[5]
        parts += [f'<rect x="{left}" y="{y + 4}" width="{x_of(value) - left:.1f}" height="{height - 8}" fill="{colour}"/>',
                  text(left - 8, y + height - 8, name, 'end'), text(x_of(value) + 6, y + height - 8, f'{value:.3g}')]
    return document(bottom + 40, title, parts)
