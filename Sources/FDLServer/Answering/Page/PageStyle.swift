import FDLCore
import FDLCrypto

/// How the page for people looks: on a phone as on a desk, in the light and in the dark.
enum PageStyle {
    static let css = """
        :root{color-scheme:light dark;--text:#1c1d1f;--dim:#5b6067;--line:#d9dce0;--back:#fff;--box:#f4f5f7;\
        --link:#0b57a4;--warn:#8a4b00}
        @media(prefers-color-scheme:dark){:root{--text:#e8e9eb;--dim:#a3a9b1;--line:#3a3f46;--back:#16181b;\
        --box:#1f2226;--link:#8ab8f0;--warn:#f0b462}}
        *{box-sizing:border-box}
        body{margin:0 auto;max-width:60rem;padding:1rem;background:var(--back);color:var(--text);\
        font:1rem/1.5 system-ui,sans-serif}
        h1{font-size:1.5rem;margin:.5rem 0}
        h2{font-size:1.2rem;margin:0 0 .5rem;overflow-wrap:anywhere}
        h3{font-size:1rem;margin:1rem 0 .25rem}
        a{color:var(--link)}
        p{margin:.5rem 0}
        form{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin:1rem 0}
        input,button{font:inherit;color:inherit;background:var(--box);border:1px solid var(--dim);border-radius:.3rem;\
        padding:.4rem .6rem}
        input{flex:1 1 12rem;min-width:0}
        article{border-top:1px solid var(--line);padding:1rem 0}
        dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:.5rem 0}
        dt{color:var(--dim)}
        dd{margin:0;overflow-wrap:anywhere}
        ul{list-style:none;margin:.5rem 0;padding:0}
        li{display:flex;justify-content:space-between;gap:1rem;border-top:1px solid var(--line);padding:.25rem 0}
        li a{overflow-wrap:anywhere}
        li span{color:var(--dim);white-space:nowrap}
        pre{background:var(--box);border-radius:.3rem;margin:.25rem 0;padding:.6rem;white-space:pre-wrap;\
        overflow-wrap:anywhere;font:.85rem/1.5 ui-monospace,monospace}
        summary{cursor:pointer;margin:.5rem 0}
        .dim{color:var(--dim)}
        .warn{color:var(--warn)}
        footer{border-top:1px solid var(--line);color:var(--dim);padding:1rem 0}
        """

    /// Nothing is loaded and nothing runs: the page has this style, and a form that leads to the page itself.
    static let contentSecurityPolicy: String = {
        let digest = Base64.encode(SHA256Digest(hashing: Array(css.utf8)).bytes)
        return "default-src 'none'; style-src 'sha256-\(digest)'; form-action 'self'; base-uri 'none'; "
            + "frame-ancestors 'none'"
    }()
}
