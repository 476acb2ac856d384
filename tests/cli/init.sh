try init
try init
ls archive | sed '/-shm$/d; /-wal$/d'
try init --json --archive 'a "quoted" name'
try findings
try analyse
try evidence
try refused
try doctor
