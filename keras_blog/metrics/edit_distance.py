"""How far outputs are from their references, in edits."""


def edit_distance(output, reference):
    """The least number of tokens to insert, delete or replace (Levenshtein); of strings, characters.

    Example:
    >>> edit_distance("kitten", "sitting")
    3
    """
    row = list(range(len(reference) + 1))
    for i, token in enumerate(output, 1):
        left, row[0] = row[0], i
        for j, other in enumerate(reference, 1):
            left, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, left + (token != other))
    return row[-1]


def error_rates(outputs, references):
    """Token and sequence error rates, each output beside the nearest of its references.

    Args:
        outputs: strings or lists of tokens.
        references: for each output a list of references, at least one, strings or lists of tokens.

    Returns:
        A dict: `"token_error_rate"`, edits divided by tokens of the references, and `"sequence_error_rate"`, the share of
        outputs that equal none of theirs. In pronunciation they are called phoneme and word error rate.

    Raises:
        ValueError: if the numbers differ, or an output has no reference.

    Example:
    >>> error_rates(["ab", "c"], [["ab", "b"], ["cd"]])
    {'token_error_rate': 0.25, 'sequence_error_rate': 0.5}
    """
    if len(outputs) != len(references) or not all(references) or not outputs:
        raise ValueError(
            f"`references` must be a list an output, none empty; received {len(references)} for {len(outputs)} outputs"
        )
    edits = tokens = wrong = 0
    for output, candidates in zip(outputs, references, strict=True):
        nearest, length = min((edit_distance(output, reference), len(reference)) for reference in candidates)
        edits, tokens, wrong = edits + nearest, tokens + length, wrong + (nearest > 0)
    return {"token_error_rate": edits / max(tokens, 1), "sequence_error_rate": wrong / len(outputs)}
