# Each provider lets out only senders from its own network (BCP 38).
# on: r1
nft -f - <<'N'
table ip filter {
  chain forward {
    type filter hook forward priority filter;
    iifname "eth0" ip saddr != 10.0.1.0/24 drop
  }
}
N
# on: r2
nft -f - <<'N'
table ip filter {
  chain forward {
    type filter hook forward priority filter;
    iifname "eth0" ip saddr != 10.0.2.0/24 drop
  }
}
N
