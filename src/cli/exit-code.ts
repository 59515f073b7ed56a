/** Exit codes of every command; scripts rely on them. */
export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
/** Wrong arguments or configuration. */
export const EXIT_USAGE = 2;
/** The search went well and found nothing. */
export const EXIT_NOTHING_FOUND = 3;

export const EXIT_CODES_HELP =
  'Exit codes: 0 done, 1 failed, 2 wrong arguments or configuration, 3 nothing found.';
