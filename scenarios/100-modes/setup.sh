tnet run -d --name web -v /run/lab/bin:/lab:ro host /lab/lab-serve http 80 the web >/dev/null
