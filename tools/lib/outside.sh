# Sourced by tools/test after say.sh: what the package is to a program that embeds it. The examples as the parts of another
# package, which has of this one what its products give, and the articles about them.

# build_from_outside SOURCES PLACE: builds Examples/Embed in a package of its own, in PLACE, that depends on the one in
# SOURCES by its path. What is built is kept in SOURCES/.build/outside for the next time.
build_from_outside() {
    local sources=$1 package=$2/outside
    mkdir -p "$package"
    cp -r "$sources"/Examples/Embed/* "$package/"
    cat >"$package/Package.swift" <<SWIFT
// swift-tools-version:6.2
import PackageDescription

let package = Package(
    name: "outside",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "fdl", path: "$sources")],
    // Other names than theirs, which are this package's already.
    targets: [
        .executableTarget(
            name: "OutsideClient",
            dependencies: [.product(name: "FDLClient", package: "fdl")],
            path: "EmbedClient"
        ),
        .executableTarget(
            name: "OutsideWorker",
            dependencies: [.product(name: "FDLServer", package: "fdl")],
            path: "EmbedWorker"
        ),
        .executableTarget(
            name: "OutsidePublisher",
            dependencies: [.product(name: "FDLPublishing", package: "fdl")],
            path: "EmbedPublisher"
        ),
        .target(
            name: "OutsideArticles",
            dependencies: [
                .product(name: "FDLClient", package: "fdl"), .product(name: "FDLServer", package: "fdl"),
                .product(name: "FDLPublishing", package: "fdl"),
            ],
            path: "Articles"
        ),
    ]
)
SWIFT
    # The same versions of what both depend on.
    cp "$sources/Package.resolved" "$package/" 2>/dev/null || true
    swift build --package-path "$package" --scratch-path "$sources/.build/outside" </dev/null
    [[ $("$sources/.build/outside/debug/OutsideWorker") == usage:* ]] ||
        fail $EX_SOFTWARE "what was built from outside does not run"
}

# check_articles SOURCES BUILT PLACE: has DocC read the catalogs with what the compiler knows of each module, so that a link
# to a name that is not there is found. BUILT is where the build has put the modules.
check_articles() {
    local sources=$1 built=$2 articles=$3/articles tools module map directory flags=()
    tools=$(dirname "$(readlink -f "$(command -v swift)")")
    if [[ ! -x $tools/docc || ! -x $tools/swift-symbolgraph-extract ]]; then
        say "not checked: the DocC articles, for which this toolchain has no docc"
        return 0
    fi
    for map in "$sources"/Sources/C*/module.modulemap "$built"/*.build/module.modulemap; do
        flags+=(-Xcc "-fmodule-map-file=$map")
    done
    for directory in "$sources"/.build/checkouts/swift-{nio,nio-extras,atomics,system}/Sources/*/include; do
        if [[ -d $directory ]]; then flags+=(-I "$directory" -Xcc "-I$directory"); fi
    done
    # docc copies its pages' template with its owner, which only root can give away: it is to be the person's own.
    mkdir -p "$articles"
    cp -r "$tools/../share/docc/render" "$articles/template"
    for module in FDLClient FDLServer FDLPublishing; do
        mkdir -p "$articles/$module"
        "$tools/swift-symbolgraph-extract" -module-name "$module" -I "$built/Modules" "${flags[@]}" \
            -target "$(uname -m)-unknown-linux-gnu" -minimum-access-level public -output-dir "$articles/$module"
        DOCC_HTML_DIR=$articles/template "$tools/docc" convert "$sources/Sources/$module/$module.docc" \
            --fallback-display-name "$module" --fallback-bundle-identifier "$module" \
            --additional-symbol-graph-dir "$articles/$module" --output-path "$articles/$module.doccarchive" \
            >"$articles/said" 2>&1 || true
        # Our comments speak of a parameter where there is something to say of it.
        if grep -E '^(warning|error)' "$articles/said" | grep -v 'is missing documentation' >&2; then
            fail $EX_DATAERR "the articles of $module do not hold"
        fi
        [[ -d $articles/$module.doccarchive ]] || fail $EX_SOFTWARE "docc has made nothing of $module's articles"
    done
}
