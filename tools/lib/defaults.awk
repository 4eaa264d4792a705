# Puts the default of each option behind what is said of it: the generator of man pages leaves defaults out. Reads and
# writes a program's help as --experimental-dump-help gives it, where an option's default follows its abstract.

function flush_held() {
    if (held != "") printf "%s", held
    held = ""
}

/^ *"abstract" : / { flush_held() }
/^ *"defaultValue" : "/ {
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
