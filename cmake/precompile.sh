#!/bin/sh
# precompile.sh ROOT COMMAND...: runs the compiler and, where it made a precompiled header, writes beside it `<header>.gch.sum`: what the header is made of,
# without the name of this checkout. ccache takes that (CCACHE_PCH_EXTSUM) for the header itself, which is another file in every checkout, so that a fresh
# clone finds the compilations of the last.
root=$1
shift
"$@" || exit

header=
after=
for word; do
    [ "$after" = -o ] && header=$word
    after=$word
done
case $header in
*.gch) ;;
*) exit 0 ;;
esac

# The same command, as far as the preprocessor.
count=$#
skip=
while [ "$count" -gt 0 ]; do
    word=$1
    shift
    count=$((count - 1))
    if [ -n "$skip" ]; then
        skip=
    else
        case $word in
        -o | -MT | -MF) skip=1 ;;
        -MD | -c) ;;
        *) set -- "$@" "$word" ;;
        esac
    fi
done
rm -f "$header.sum" "$header.text"
"$@" -E -o "$header.text" || exit
sed "s#$root##g" "$header.text" | sha256sum > "$header.sum"
rm -f "$header.text"
