"""Patterns that take for ever where an engine goes back and tries again, and texts that make it do so."""

LINEAR = {
    "nested quantifiers": ("^(a+)+$", "a" * 20_000 + "!", False),
    "nested stars": ("^(a*)*$", "a" * 20_000 + "!", False),
    "alternatives alike": ("^(x|x)*y$", "x" * 20_000, False),
    "overlapping alternatives": ("^(a|aa)+$", "a" * 20_000 + "!", False),
    "many stars": ("^(.*a){20}$", "a" * 20_000 + "!", False),
    "lazy": ("^(a+?)+?$", "a" * 20_000 + "!", False),
    "classes that overlap": (r"^([\w.]+)+@$", "a." * 10_000, False),
    "optional, then due": ("^" + "a?" * 30 + "a" * 30 + "$", "a" * 29, False),
    "trailing space": (r"\s+$", " " * 20_000 + "!", False),
    "found in the middle": ("(a+)+b", "a" * 20_000 + "b", True),
}
"""Pattern, text, and whether the one matches in the other; an engine of linear time decides it at once."""

BEYOND = {
    "back reference": (r"^(a*)*\1b$", "a" * 900),
    "a look ahead at each character": ("a(?=[^c]*c)d", "a" * 100_000),
    "a look behind at each character": ("(?<=(a|b)*)c", "a" * 100_000),
    "a look ahead that refers back": (r"(?=(a+)+\1b)", "a" * 900),
    "a negative look ahead": ("a(?![^b]*c)d", "a" * 100_000),
    "groups without end": (r"(.*)(.*)(.*)(.*)\1x", "a" * 900),
}
"""Pattern and text: nobody can say in linear time."""

DECIDED = {
    "a password": (r"^(?=.*\d)(?=.*[a-z]).{8,}$", "abcdefg1", "abcdefgh"),
    "not a word": ("^(?!none$)[a-z]+$", "some", "none"),
    "twice the same": (r"^(..)-\1$", "ab-ab", "ab-ba"),
    "after a dollar": (r"(?<=\$)[0-9]+", "for $5", "for 5"),
}
"""Patterns that look around or refer back, with a text that matches and one that does not: such are decided."""
