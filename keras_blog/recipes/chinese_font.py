"""A font for pictures with Chinese words in them."""

from matplotlib import font_manager

_KNOWN = ("Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", "SimHei", "WenQuanYi Zen Hei")


def font_families():
    """Matplotlib's own font, then the Chinese ones of this system; without one, characters come out as boxes."""
    there = set(font_manager.get_font_names())
    return ["DejaVu Sans", *(name for name in _KNOWN if name in there)]
