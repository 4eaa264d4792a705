# Reads a man page as swift-argument-parser writes it, and writes it as people look for it: man fdl-secure-get, or
# man fdl-secure get. What a command's help says below its options is put where a man page has it. The pages of its own
# commands follow it, for what they are and do.

# The name of a page: the generator has dots between a program and its commands.
function page(text) {
    gsub(/\./, "-", text)
    return text
}

# What is to be pasted: the characters as they are, none made into another for print.
function literal(text) {
    sub(/^ +/, "", text)
    gsub(/"/, "\\(dq", text)
    gsub(/'/, "\\(aq", text)
    gsub(/-/, "\\-", text)
    gsub(/~/, "\\(ti", text)
    gsub(/\^/, "\\(ha", text)
    return text
}

# A sentence a line, as mdoc has it, and none that begins as a request does.
function prose(text) {
    sub(/^ +/, "", text)
    gsub(/\. +/, ".\n", text)
    gsub(/\n[.']/, "\\\\\\&&", text)
    return text ~ /^[.']/ ? "\\&" text : text
}

function section(title, items) {
    if (items != "") printf ".Sh %s\n.Bl -tag -width 6n\n%s.El\n", title, items
}

FILENAME != ARGV[1] {
    text = $0
    gsub(/^[.]N[md] |"/, "", text)
    if ($1 == ".Nm" && NF > 1) commands = commands ".It Ic \"" literal(text) "\"\n"
    if ($1 == ".Nd") commands = commands prose(text) "\n"
    if ($1 == ".Nd") nextfile
    next
}
/^(EXAMPLES|FILES AND ENVIRONMENT|EXIT CODES):$/ { taking = $1; sub(/:/, "", taking); next }
/^[.]/ { taking = "" }
taking == "EXIT" && NF { code = $1; sub(/^ +[0-9]+ +/, ""); codes = codes ".It " code "\n" prose($0) "\n" }
taking == "EXAMPLES" && /^  [^ ]/ { examples = examples ".It Ic \"" literal($0) "\"\n" }
taking == "EXAMPLES" && /^   / { examples = examples prose($0) "\n" }
taking == "FILES" && /^  [^ ]/ {
    isFile = $0 ~ /\//
    line = ".It " (isFile ? "Pa" : "Ev") " \"" literal($0) "\"\n"
}
taking == "FILES" && /^   / { line = prose($0) "\n" }
taking == "FILES" && NF { if (isFile) files = files line; else environment = environment line }
taking { next }

$1 == ".Dt" { print $1, page($2), $3; next }
# What help says of itself has no page.
$1 == ".Xr" { if ($2 !~ /\.help$/) references = references (references == "" ? "" : " ,\n") ".Xr " page($2) " " $3; next }
$1 == ".Nd" { sub(/\.$/, ""); sub(/\."$/, "\""); print; next }
$1 == ".Sh" { part = $2; gsub(/"/, "", part) }
part == "SEE" { next }
part == "SYNOPSIS" && isAlone && $0 == ".Ar subcommand" { next }
part == "NAME" && $1 == ".Nm" {
    name = $0
    gsub(/^[.]Nm |"/, "", name)
    shown = name
    gsub(/ /, "-", shown)
    print ".Nm", shown
    next
}
part == "SYNOPSIS" && $0 == ".Nm" { print ".Nm \"" name "\""; next }
part == "EXIT" { next }
# A break between paragraphs, where there are two.
!NF || $1 == ".Pp" { isBroken = 1; next }
isBroken { if ($1 != ".It" && $1 != ".Bl" && $1 != ".Sh") print ".Pp"; isBroken = 0 }
/^[.]/ { print; next }
{ print prose($0) }
END {
    section("COMMANDS", commands)
    section("ENVIRONMENT", environment)
    section("FILES", files)
    section("EXIT STATUS", codes)
    section("EXAMPLES", examples)
    if (split(name, words, " ") > 1) references = ".Xr " words[1] " 1" (references == "" ? "" : " ,\n") references
    if (references != "") printf ".Sh SEE ALSO\n%s\n", references
}
