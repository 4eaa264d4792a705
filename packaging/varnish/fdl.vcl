# Varnish as a cache of chunks, between the two halves of packaging/haproxy/fdl-varnish.cfg:
#
#     varnishd -a 127.0.0.1:6081 -p vcl_path=/etc/varnish -f /etc/varnish/fdl.vcl -s malloc,1g
#
# fdl-origin.vcl lies beside it and says where the origin is:
#
#     backend default { .host = "127.0.0.1"; .port = "6082"; }

vcl 4.1;

include "fdl-origin.vcl";

sub vcl_recv {
    if (req.url !~ "^/chunks/") {
        # Ranges of whole files would fetch the whole file each.
        return (pass);
    }
    if (req.http.Cache-Control ~ "no-cache") {
        # A client that has got a wrong chunk: what comes now takes its place.
        set req.hash_always_miss = true;
    }
    return (hash);
}

sub vcl_backend_response {
    if (bereq.url ~ "^/chunks/" && beresp.status == 200) {
        set beresp.ttl = 30d;
        # Varnish unpacks for those who want it so, and the digest is of what it got.
        unset beresp.http.Repr-Digest;
    }
}
