"""What is looked for in free text, in the order in which it is replaced.

Every pattern runs in linear time on any text: a match can begin only where a run of its characters begins
(lookbehinds) or is of bounded length, and what repeats without a bound is possessive, or followed by nothing that could
fail. No group is repeated possessively: Python before 3.11.5 goes on from the middle of an iteration that failed.
Patterns see folded text (`folding`): ASCII digits, dashes and spaces, nothing invisible, percent-encoding undone.
"""

import re

from telemetry_pipeline.privacy import checks
from telemetry_pipeline.privacy.rules import ID, REDACTED, Rule, after, if_passes, rule

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])(?![0-9])"

_WEB_SCHEMES = frozenset({"http", "https", "ws", "wss"})


def _without_query(match: re.Match[str]) -> str:
    """A web address keeps its host and path, any other address with a user in it keeps nothing."""
    scheme, authority, path, rest = match.group("scheme", "authority", "path", "rest")
    if "@" in authority or (scheme.lower() not in _WEB_SCHEMES and "@" in path + rest):
        if scheme.lower() not in _WEB_SCHEMES:
            return REDACTED
        authority = authority.rpartition("@")[2]
    return f"{scheme}://{authority}{path}{_hidden(rest)}"


def _hidden(rest: str) -> str:
    """A query or a fragment, which `rest` begins with, hidden."""
    return rest[0] + REDACTED if len(rest) > 1 else rest


_NAMING = r"""
    (?: passw(?:or)?d [\w-]{0,24} | passwort | passphrase | passcode | secret [\w-]{0,24} | credentials?
      | api [\ _-]? keys? | (?:access|account|auth|client|encryption|license|master|private|service|shared|signing)
        [\ _-]? keys? (?:[\ _-]?id)? | token | authorization | session [\ _-]? id | signature
      | (?<![A-Za-z]) (?:pwd|otp|pin|cvv|cvc|ssn|sid|sig|jwt|csrf|xsrf)
      | (?<![A-Za-z]) auth (?= \\*["']? \s*+ (?: = | :\s | :\\*["'] ))
    )
"""
_NAMING_WORDS = (
    *("auth", "credential", "csrf", "cvc", "cvv", "jwt", "key", "otp", "passcode", "passphrase", "passw", "pin", "pwd"),
    *("secret", "session", "sid", "sig", "ssn", "token", "xsrf"),
)
_NAMED = r"""
    (?: "(?:[^"\\]|\\.)* "?+ | '(?:[^'\\]|\\.)* '?+ | \\++["'] [^"']*+ ["']?+
      | (?!\[redacted\] (?:[\s,;&})"'\]]|$)) (?:(?:bearer|basic|digest|negotiate|token|apikey) \s++)? \S++ )
"""

_NEVER_GLUED = "(?<![A-Za-z0-9])"

RULES = (
    rule(
        "private key",  # PEM (RFC 7468), up to its end line or, cut short, to the end
        r"-----BEGIN\ [A-Z0-9 ]{0,40}PRIVATE\ KEY[A-Z ]{0,20}----- .*? (?:-----END[^-\n]{0,60}-----|\Z)",
        flags=re.DOTALL,
        signs="-",
        words=("private key",),
    ),
    rule(
        "address with a scheme",  # users, queries and fragments carry anything
        r"""
        (?P<scheme> (?<![A-Za-z0-9+.-]) [A-Za-z0-9+.-]++ ) ://
        (?P<authority> [^\s/?\#"'<>]*+ ) (?P<path> [^\s?\#"'<>]*+ ) (?P<rest> [^\s"'<>]*+ )
        """,
        _without_query,
        signs=":",
        words=("://",),
    ),
    rule(
        "query of a relative address",
        r"(?P<kept> (?<![^\s\"'(=,:;]) / [^\s?\#\"'(=,:;]*+ [?\#] ) [^\s]++",
        after("kept"),
        signs="?#",
        words=("/",),
    ),
    rule("query", r"(?P<kept> [?\#] ) [^\s=?\#]{1,128} = \S*+", after("kept"), signs="?#", words=("=",)),
    rule(
        "JSON Web Token",  # RFC 7519; eyJ is the base64 of '{"'
        r"eyJ[A-Za-z0-9_-]{10,}+ (?:\.[A-Za-z0-9_-]*+){0,4}",
        words=("eyj",),
    ),
    rule(
        "service key with a telling prefix",
        r"""
        (?: A(?:KIA|SIA|BIA|CCA|GPA|IDA|IPA|NPA|NVA|PKA|ROA|SCA) [A-Z0-9]{12,}+       # Amazon
          | AIza [\w-]{20,}+ | GOCSPX- [\w-]{10,}+                                    # Google
          | gh[a-z]_ [A-Za-z0-9]{16,}+ | github_pat_ \w{16,}+
          | gl(?:agent|cbt|dt|feed|ffct|ft|imt|oas|pat|ptt|rt|soat)- [\w.-]{10,}+     # GitLab
          | (?<=hooks\.slack\.com/services/) [\w/]{8,}+
          | xox[a-z]- [\w-]{8,}+ | xapp- [\w-]{8,}+                                   # Slack
          | [spr]k_(?:live|test)_ \w{6,}+ | whsec_ \w{10,}+                           # Stripe
          | shp(?:at|ca|pa|ss)_ [a-fA-F0-9]{16,}+ | sq0[a-z]{3}- [\w-]{16,}+          # Shopify, Square
          | do[opr]_v1_ \w{16,}+ | dckr_(?:pat|oat)_ [\w-]{16,}+ | npm_ [A-Za-z0-9]{20,}+ | pypi- [\w-]{16,}+
          | rubygems_ \w{16,}+ | hv[bsr]\. [\w-]{16,}+ | glsa_ \w{16,}+ | lin_api_ \w{16,}+ | figd_ [\w-]{16,}+
          | rhesis_ [\w-]{43}                                                         # our own
          | PMAK- [\w-]{16,}+ | NRAK- [\w-]{16,}+ | AGE-SECRET-KEY- \w{16,}+ | lsv2_[a-z]{2}_ \w{16,}+
        )
        """,
        flags=re.ASCII,
    ),
    rule(
        "service key with a short prefix",  # could be the end of a word
        _NEVER_GLUED
        + r"""
        (?: (?:sk|rh)- [\w-]{6,}+                                                     # OpenAI, Anthropic, …; Rhesis
          | hf_ [A-Za-z0-9]{16,}+ | gsk_ \w{16,}+ | xai- [\w-]{16,}+ | pplx- \w{16,}+ | r8_ \w{16,}+ | sbp_ \w{16,}+
          | SG\. [\w-]{10,}+ \. [\w-]{10,}+ | ya29\. [\w.-]{8,}+ | 1//0 [\w-]{16,}+   # SendGrid; Google
          | key- [0-9a-f]{32}                                                         # Mailgun
          | [0-9]{8,10}:AA [\w-]{30,}+                                                # Telegram
        )
        """,
        flags=re.ASCII,
        signs="-_./:",
    ),
    rule(
        "bearer credentials",  # RFC 6750; "bearer authentication" is prose
        r"""
        (?P<kept> (?<![A-Za-z0-9]) (?:bearer|digest|negotiate|ntlm) [\s:="']++ )
        (?: (?=[A-Za-z]?(?-i:[a-z])*+(?-i:[A-Z0-9+=~])) [A-Za-z0-9+/=_~.-]{6,}+ | [A-Za-z0-9+/=_~.-]{20,}+ )
        """,
        after("kept"),
        flags=re.IGNORECASE,
        words=("bearer", "digest", "negotiate", "ntlm"),
    ),
    rule(
        "basic credentials",  # RFC 7617; "basic functionality" is prose
        r"(?P<kept> (?<![A-Za-z0-9]) basic [\s:=\"']++ ) (?P<value> [A-Za-z0-9+/_-]{4,}+ ={0,2} )",
        lambda match: match["kept"] + REDACTED if checks.is_user_and_password(match["value"]) else match.group(),
        flags=re.IGNORECASE,
        words=("basic",),
    ),
    rule(
        "cookies",
        r"(?P<kept> (?<![A-Za-z]) (?:set-)?cookies? \\*[\"']? \s*+ [:=] ) [^\r\n]*[^\s] [^\r\n]*+",
        after("kept", " " + REDACTED),
        flags=re.IGNORECASE,
        signs=":=",
        words=("cookie",),
    ),
    rule(
        "named secret",  # password=…, "api_key": "…", token: …
        rf"(?P<kept> {_NAMING} (?: \\*[\"'`]?+ \s*+ (?: :=|=>|[:=] ) \s*+ | > ) ) {_NAMED}",
        after("kept"),
        flags=re.IGNORECASE | re.DOTALL,
        signs=":=>",
        words=_NAMING_WORDS,
    ),
    rule(
        "named secret in a sentence",  # with a digit in it: "password is required" is prose
        rf"(?P<kept> {_NAMING} \s++ (?:is|was) \s++ ) (?=\S{{0,64}}?[0-9]) \S++",
        after("kept"),
        flags=re.IGNORECASE,
        words=_NAMING_WORDS,
        digits=1,
    ),
    rule(
        "secret option of a command",
        rf"(?P<kept> (?<![\w-]) --? [\w-]{{0,24}}? {_NAMING} \s++ ) [^\s-]\S*+",
        after("kept"),
        flags=re.IGNORECASE,
        signs="-",
        words=_NAMING_WORDS,
    ),
    rule(
        "home directory",
        r"(?P<kept> /home/ | /Users/ | [A-Za-z]:\\{1,2}Users\\{1,2} ) [^/\\\s\"']++ (?=[/\\])",
        after("kept"),
        signs="/\\",
        words=("/home/", "users"),
    ),
    rule(
        "e-mail address",  # RFC 6531: letters of any script
        r"""
        (?: (?<![\w.!\#$%*+'^~|-]) [\w.!\#$%*+'^~|-]++ \}? | "[^"\n]{1,64}" )
        @++ (?: [\w-]+ (?:\.[\w-]+)* \.(?=[^\W\d_]) [\w-]{2,}+ | localhost | \[[^\]\s]{1,64}\] )
        """,
        signs="@",
    ),
    rule(
        "UUID",  # RFC 9562
        r"""
        (?:urn:uuid:)? (?: \{ [0-9a-f]{8} (?:-[0-9a-f]{4}){3} - [0-9a-f]{12} \}
                         | (?<![0-9a-f]) [0-9a-f]{8} (?:-[0-9a-f]{4}){3} - [0-9a-f]{12} )
        """,
        ID,
        flags=re.IGNORECASE,
        signs="-",
        digits=1,
    ),
    rule(
        "IPv6 address",  # RFC 4291, with brackets, port and zone; "12:34:56" is a time, "std::sort" a name
        r"""
        (?: \[ | (?<![0-9A-Fa-f:]) (?: (?<![0-9A-Za-z_]) | (?=:[0-9A-Fa-f]) ) )
        (?= [0-9A-Fa-f:]*?:: | (?:[0-9A-Fa-f]{0,4}:){6} ) (?= [A-Fa-f:]*+[0-9] | (?:[A-Fa-f]*+:){3} )
        [0-9A-Fa-f:]{3,}+ (?:\.[0-9]{1,3}){0,3} (?:%[\w.-]++)? (?![A-Za-z0-9_]) (?: \] (?::[0-9]{1,5})? )?
        """,
        flags=re.ASCII,
        signs=":",
    ),
    rule(
        "hardware address",
        r"(?<![0-9A-Fa-f]) (?:[0-9A-Fa-f]{2}[:-]){5} [0-9A-Fa-f]{2} (?![0-9A-Fa-f])",
        signs=":-",
    ),
    rule(
        "IPv4 address",  # four numbers; a version of three stays
        rf"(?: (?<![0-9]) {_OCTET} (?:\.{_OCTET}){{3,}} | ip(?:-{_OCTET}){{4}} ) (?: :[0-9]{{1,5}} | /[0-9]{{1,2}} )?",
        signs=".-",
        digits=4,
    ),
    rule(
        "IBAN",  # ISO 13616, with its check digits; it ends before what may be the beginning of another
        _NEVER_GLUED
        + r"""
        [A-Za-z]{2}[0-9]{2} (?: [A-Za-z0-9]{4} | [ -](?![A-Za-z]{2}[0-9]{2})[A-Za-z0-9]{4} ){2,7}
        (?:[ -]?[A-Za-z0-9]{1,3})?
        """,
        lambda match: checks.without_iban(match.group(), REDACTED),
        digits=2,
    ),
    rule(
        "payment card",  # ISO/IEC 7812, with its check digit
        r"(?<![0-9]) (?<![0-9]\.) (?: [0-9]{4}(?:\.[0-9]{4}){3} | [0-9]++(?:[ -]{1,2}[0-9]++)* )",
        lambda match: checks.without_cards(match.group(), REDACTED),
        digits=13,
    ),
    rule("social-security number", r"(?<![0-9]) [0-9]{3}([ -])[0-9]{2}\1[0-9]{4} (?![0-9])", digits=9),
    rule(
        "international phone number",  # ITU-T E.164: at most 15 digits; a time zone has four
        r"(?: (?<![0-9])\+\(? | (?<![0-9.,:])00 ) [1-9] (?:[ ().\-/]{0,3}[0-9]){6,14}",
        digits=7,
    ),
    rule(
        "North American phone number",
        r"(?<![0-9]) (?:1[ .-]?)? (?: \([0-9]{3}\)[ ]? | [0-9]{3}[ .-] ) [0-9]{3}[ .-][0-9]{4} (?![0-9])",
        digits=10,
    ),
    rule(
        "national phone number",  # with a leading zero, or India's five and five; no date
        r"""
        (?<![0-9.,:+-]) (?! [0-9]{1,2}([./ -])[0-9]{1,2}\1(?:19|20)[0-9]{2}(?![0-9]) )
        (?: \(?0[1-9][0-9]{0,4}\)? (?:[ ./-]{1,2}[0-9]{2,8}){1,5} | [6-9][0-9]{4}[ -][0-9]{5} ) (?![0-9])
        """,
        if_passes(checks.is_phone_length, REDACTED),
        digits=9,
    ),
    rule(
        "named phone number",
        r"""
        (?P<kept> (?<![A-Za-z]) (?:phone|mobile|cell|tel|telephone|telefon|fax|whatsapp) (?:[ _-]?(?:no|number|nr))?
        \\*["'.]?+ (?:\s|[:=])\s{0,3}+ \\*["']?+ ) (?!(?:19|20)[0-9]{2}-) \(?[0-9](?:[ ().\-/]{0,2}[0-9]){5,16}
        """,
        after("kept"),
        flags=re.IGNORECASE,
        words=("phone", "mobile", "cell", "tel", "fax", "whatsapp"),
        digits=6,
    ),
    rule("opaque id", r"(?<![A-Za-z0-9]) [A-Za-z0-9]{20,}+", if_passes(checks.is_opaque, ID), digits=3),
    rule(
        "opaque id with signs", r"(?<![\w+=-]) [\w+=-]{20,}+", if_passes(checks.is_mixed, ID), flags=re.ASCII, digits=3
    ),
    rule("hexadecimal number", r"(?<![A-Za-z0-9]) 0[xX][0-9A-Fa-f]{6,}+", ID, words=("0x",), digits=1),
    rule(
        "long hexadecimal run",
        "(?<![0-9A-Fa-f]) [0-9A-Fa-f]{8,}+",
        lambda match: ID if checks.is_hexadecimal_id(match) else match.group(),
    ),
    rule(
        "long decimal run",  # no fraction of a second or a score, no date of this century's beginning
        r"""
        (?<![0-9]) (?<![0-9]\.) (?<!:[0-9]{2},)
        (?! 20[0-4][0-9] (?:0[1-9]|1[0-2]) (?:0[1-9]|[12][0-9]|3[01]) (?![0-9]) ) [0-9]{6,}+
        """,
        ID,
        digits=6,
    ),
)

_DIGITS = frozenset("0123456789")


def rules_for(text: str) -> list[Rule]:
    """The rules that may find something in a folded text."""
    text = text.lower()
    characters = set(text)
    digits = sum(map(text.count, _DIGITS & characters))
    return [one for one in RULES if one.may_find(text, characters, digits)]
