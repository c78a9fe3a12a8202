# The second way is open, the first one not.
# expect-fail: udp
in_cart() { nsenter --net=/proc/$(tnet inspect --format '{{.State.Pid}}' cart)/ns/net "$@"; }
rule=$(in_cart nft -a list chain inet hardening outgoing | sed -n 's/.*tcp dport 53 .*# handle //p')
in_cart nft delete rule inet hardening outgoing handle $rule
