# Disguised well, but the switch does not send it back.
# expect-fail: port, self
nft add rule ip nat postrouting ip saddr 10.0.0.2 ip daddr 10.0.0.2 tcp dport 80 masquerade
