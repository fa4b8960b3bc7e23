"""What interpreters in the process were doing: which there are is for the other side to say, by the modules. A part of
retrace.py. One that cannot be read costs no other.
"""
MAX_WORDS = 256
MAX_WORD = 4096
# By the name that the other side has for the language: the function that tells of it, given its memory and the places of its data.
RUNTIMES = {
    "python": "tell_python",
    "ruby": "tell_ruby",
    "perl": "tell_perl",
    "javascript": "tell_node",
    "java": "tell_java",
    "go": "tell_go",
}


def answer_languages(wanted):
    """`wanted`: languages, each with places of its data, as texts of two numbers."""
    told("set language c")  # that of the selected frame may spell an address otherwise
    try:
        tell_languages(wanted)
    finally:
        told("set language auto")


def tell_languages(wanted):
    memory = Memory()
    send(words=command_line(memory))
    for language, places in wanted:
        memory.share(len(wanted))
        send(language=language)
        try:
            if language in RUNTIMES:
                globals()[RUNTIMES[language]](memory, places)
        except Unreadable as error:
            send(missing=str(error))
        except Exception as error:
            send(missing=described_error(error))


def command_line(memory):
    """The words of the command line, where the dynamic linker keeps them; none: it is not here."""
    words = []
    try:
        address = memory.word(symbol_address("_dl_argv") or 0)
        for index in range(MAX_WORDS):
            at = memory.word(address + memory.word_size * index)
            if at == 0:
                break
            words.append(memory.text(at, MAX_WORD))
    except Unreadable:
        pass
    return words
