in_cart() { nsenter --net=/proc/$(tnet inspect --format '{{.State.Pid}}' cart)/ns/net "$@"; }
for rule in $(in_cart nft -a list chain inet hardening outgoing | sed -n 's/.*dport 53 .*# handle //p'); do
  in_cart nft delete rule inet hardening outgoing handle $rule
done
