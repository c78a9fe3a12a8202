# It takes away tnet's own table too, which leads the questions to the server.
# expect-fail: udp, tcp
# expect-guard: no-mail, no-irc
nsenter --net=/proc/$(tnet inspect --format '{{.State.Pid}}' cart)/ns/net nft flush ruleset
