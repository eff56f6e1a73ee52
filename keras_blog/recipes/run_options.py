"""What all recipes ask of their options."""


def check_positive(options, *names):
    """One clear error for a number below 1; `None` stands for a default, of a list each number counts."""
    for name in names:
        value = getattr(options, name)
        least = min(value) if isinstance(value, list) else value
        if least is not None and least < 1:
            raise ValueError(f"--{name.replace('_', '-')} must be at least 1; received {least}")


def settings_of(options, *ignored):
    """The options that a run was made with, by name: the same for a run that goes on after an interruption."""
    ignored = {"out", "fresh", "command", "recipe", *ignored}
    return {key: str(value) for key, value in sorted(vars(options).items()) if key not in ignored}
