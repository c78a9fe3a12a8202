nft -f - <<'N'
table ip nat {
  chain postrouting {
    type nat hook postrouting priority srcnat;
    oifname "up" masquerade
  }
}
N
