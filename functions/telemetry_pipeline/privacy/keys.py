"""Which metadata keys may pass: those of a safe form that name no person, no credential and no content.

A key is taken apart at `.`, `-`, `_`, digits and camelCase humps and judged word by word, so that a name nested in a
longer one counts (`request.user.email`, `xApiKey`); names written without a joint (`useremail`) are known by their
beginnings and ends. In doubt a key is dropped: whoever misses it can choose a plainer name, whereas what was stored
can't be unstored.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

_SAFE = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}")
_CHUNK = re.compile(r"[^\W\d_]+")
_HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PERSON = _words(
    """
    account addr address alias assignee author avatar bcc birth birthdate birthday birthplace cc cell city contact
    coordinate coords creator customer dob email employee employer ethnicity family fax fingerprint firstname forename
    forwarded gender geo gps handle hometown host imei income ip ipv lastname lat latitude lng location lon longitude
    mac mail marital member mobile msisdn name nationality nick owner passport patient people person phone photo
    picture postal postcode profession profile race recipient religion salary sender sex street student surname tel
    telephone uid upn user username whatsapp who zip zipcode
    """
)
_CREDENTIAL = _words(
    """
    apikey auth authentication authorization authorisation bank bearer bic card cert certificate cookie cred creds
    credential credit csrf cvc cvv hmac iban jwt key mfa nonce oauth otp passcode passphrase passwd password passwort
    pem pin pwd secret sig signature ssh ssn tax tin token totp vat xsrf
    """
)
_CONTENT = _words(
    """
    answer argument body caption chat comment completion content conversation desc description exception expression
    fqdn href html input instruction keyword markdown memo message msg note output paragraph passage path payload
    phrase prompt query question quote referer referrer reply response sentence snippet sql stacktrace subject
    summary term text title traceback transcript ua uri url utterance
    """
)
_ALONE = _words(
    "age agent data dir directory document error file filename folder login pass raw request search session"
)
"""Harmless inside a longer key (`login_method`, `file_type`), but alone they stand for the thing itself."""

_PAIRS = frozenset({("session", "id"), ("device", "id"), ("pass", "word"), ("social", "security"), ("post", "code")})

_JOINED_IDENTITY = re.compile(
    r"""
      user | e?mail | names?$ | address | addr$ | phone | birth | gender | geoloc | locations?$ | latitude | longitude
    | (?<!g)hosts?$ | ^host | surname | postcode | zipcode | passport | customerid | (?:session|device|client)u?u?id
    | ^ip(?:v[46])?$ | (?:client|forwarded|local|peer|private|public|real|remote|server|source)ips?$
    | passw | passphrase | passcode | pwd | secret | credential | cookie | bearer | csrf | xsrf | jwt | iban$ | ssn$
    | authori[sz] | authentic | oauth | ^auth(?!or) | auth$ | creditcard | cardn | socialsec
    | (?<=.)token$ | ^token (?=.) (?!i[sz]|s|count|limit|usage)
    | (?:access|account|api|auth|client|encryption|license|private|public|secret|service|session|signing|ssh)keys?
    """,
    re.VERBOSE,
)
_JOINED_CONTENT = re.compile(
    r"""
      prompt | message | (?<!j)quer(?:y|ies) | transcript | stacktrace | traceback | referr?er | comment | description
    | (?<!c)ur[il]s?$ | (?<!con)texts?$ | body$ | content$ | title$ | subject$ | input$ | output$ | response$ | answer$
    """,
    re.VERBOSE,
)

_MEASURES = _words(
    """
    avg budget bytes characters chars count duration format index length limit max mean min ms number percent rate ratio
    score seconds size status time tokens total type usage used words
    """
)


def is_safe_key(key: str) -> bool:
    """Whether a key is a letter and up to 63 more letters, digits, `.`, `-` or `_`, all of them ASCII."""
    return _SAFE.fullmatch(key) is not None


def is_sensitive_key(key: str) -> bool:
    """Whether a key names a person, a credential or content, in any case and nesting.

    `name` is such a word wherever it stands (`user_name`, `file.name`). A key that ends with a measure or a kind of
    content (`prompt_length`, `input_type`) is not content itself, and tokens that are counted (`max_tokens`) are no
    credentials; a person stays a person (`user_count`).
    """
    chunks = _CHUNK.findall(key)
    words = [hump.lower() for chunk in chunks for hump in _HUMP.findall(chunk)]
    joined = [chunk.lower() for chunk in chunks]
    return (
        _is_alone(joined)
        or not _PAIRS.isdisjoint(pairwise(words))
        or any(map(_JOINED_IDENTITY.search, joined))
        or _names_identity(words, joined)
        or _names_content(words, joined)
    )


def _is_alone(joined: list[str]) -> bool:
    return len(joined) == 1 and not _ALONE.isdisjoint(_forms(joined[0]))


def _names_identity(words: list[str], joined: list[str]) -> bool:
    named = {form for word in (*words, *joined) for form in _forms(word) if form in _PERSON or form in _CREDENTIAL}
    return bool(named - {"token"}) or ("token" in named and not _counts_tokens(words))


def _counts_tokens(words: list[str]) -> bool:
    """Whether tokens are a language model's here: counted, or those of its input and output."""
    if "tokens" in words:
        return not (_MEASURES - {"tokens"} | _CONTENT).isdisjoint(words)
    return not _MEASURES.isdisjoint(words)


def _names_content(words: list[str], joined: list[str]) -> bool:
    if words and words[-1] in _MEASURES:
        return False
    return any(map(_JOINED_CONTENT.search, joined)) or any(
        form in _CONTENT for word in (*words, *joined) for form in _forms(word)
    )


def _forms(word: str) -> Iterator[str]:
    """The word and what it may be the plural of."""
    yield word
    if word.endswith("s"):
        yield word[:-1]
    if word.endswith("es"):
        yield word[:-2]
    if word.endswith("ies"):
        yield word[:-3] + "y"
