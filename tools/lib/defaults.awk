# Puts the default of each option behind what is said of it: the generator of man pages leaves defaults out. Reads and
# writes a program's help as --experimental-dump-help gives it, where an option's default follows its abstract.

function indent(text) {
    match(text, /[^ ]/)
    return RSTART
}

function flush_held() {
    if (held != "") printf "%s", held
    held = ""
}

/^ *"abstract" : / { flush_held() }
# The end of the option itself, which may have no default.
/^ *}/ && indent($0) < indent(held) { flush_held() }
held ~ /^ *"abstract"/ && /^ *"defaultValue" : "/ {
    value = $0
    sub(/^ *"defaultValue" : "/, "", value)
    sub(/",?$/, "", value)
    end = index(held, "\n")
    abstract = substr(held, 1, end - 1)
    rest = substr(held, end)
    sub(/",?$/, "", abstract)
    held = abstract " (default: " value ")\"," rest
}
{ held = held $0 "\n" }
END { flush_held() }
