#!/bin/sh
# Starts $TESTED_CHROMIUM without two pages that it would load for the address bar of each new window, unseen: they cost
# more CPU time than most tests. Playwright switches features off itself, and Chromium heeds only one such option.
for argument do
    shift
    case $argument in
        --disable-features=*) argument=$argument,WebUIOmniboxPopup,WebUIOmniboxAimPopup ;;
    esac
    set -- "$@" "$argument"
done
exec "$TESTED_CHROMIUM" "$@"
