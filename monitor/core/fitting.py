"""A message made smaller piece by piece, for channels with little room."""

from dataclasses import replace

from monitor.core.contents import Content, Form


def fewer(content: Content) -> Content | None:
    """The same with one piece less, for channels with little room; None if nothing can go.

    The last goes first, and what is left out whole is counted; evidence goes before the rule that
    it is for.
    """
    if content.beside or (content.form is Form.DIGEST and len(content.items) > 1):
        where = "beside" if content.beside else "items"
        left = getattr(content, where)[:-1]
        return replace(content, **{where: left, "more": content.more + 1})
    if content.notices:
        left = content.notices[:-1]
        return replace(content, notices=left, more_notices=content.more_notices + 1)
    if content.form is Form.NOTICE:
        return replace(content, lines=content.lines[:-1]) if content.lines else None
    return _with_less_evidence(content)


def _with_less_evidence(content: Content) -> Content | None:
    for item in content.items[:1]:
        for at, why in reversed(list(enumerate(item.whys))):
            if why.quotes:
                less = (*item.whys[:at], replace(why, quotes=why.quotes[:-1]), *item.whys[at + 1 :])
                return replace(content, items=(replace(item, whys=less),))
        if len(item.whys) > 1:
            cut = replace(item, whys=item.whys[:-1], more_whys=item.more_whys + 1)
            return replace(content, items=(cut,))
    return None
