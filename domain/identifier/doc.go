// Package identifier knows the numbers and names by which merchants are known
// in China, and says of each value what is wrong, where, and how severe it is.
//
// Every function is pure: the same value gives the same answer for ever, and
// where "today" matters (age, expiry, the year of a filing) the caller hands it
// in. Ages and dates are those of Beijing time, UTC+8.
//
// # Findings
//
// A check answers a [Result]: the value as it was given, its canonical form
// (empty where none could be read), and its findings. A finding carries a
// permanent code, which never changes its meaning and is never reused, and one
// of three severities:
//
//   - block: the application cannot be submitted with this value;
//   - warn: shown to the merchant and flagged to the reviewer, never in the way;
//   - hint: for the reviewer only.
//
// A check is a machine's, and so only ever yields findings. A person decides
// (PIPL art. 24).
//
// Codes are "<kind>-<what>": resident-id-checksum, uscc-form, cnaps-bank. Details are
// English sentences for staff. They name positions and rules, not the value;
// [Names] and the bank comparison, which must show what differs, are the only
// exceptions, so treat their details as personal data.
//
// # Normalisation
//
// Every value is first brought to Unicode NFKC (which also makes full-width
// characters half-width), stripped of white space at both ends and of invisible
// format characters everywhere, and its Latin letters are upper-cased; see
// [Normalise]. White space inside a number is an error unless the kind is
// written in groups (cards, telephones, ICP numbers).
//
// # Sources
//
//   - Resident identity number: GB 11643-1999; Resident Identity Card Law
//     (2011) art. 5 on periods of validity; 15-digit cards are void since
//     2013-01-01. Residence permits of Hong Kong, Macao and Taiwan residents:
//     State Council General Office, Guobanfa [2018] 81. Foreigners' permanent
//     residence: the card issued since 2023-12-01.
//   - Ages and periods: Civil Code arts. 17, 200–204, 1259.
//   - Unified social credit code: GB 32100-2015. Its check is a warning only:
//     numbers lawfully issued in the pilot era fail it.
//   - Organisation code: GB 11714-1997.
//   - 15-digit licence number (GS 15-2006) and CNAPS branch code: ISO 7064,
//     MOD 11,10.
//   - Bank card number: ISO/IEC 7812-1 (Luhn).
//   - ICP filing and licence: MIIT orders 33 (2005) and 42 (2017); app filings
//     since 2023 end in A. Police filing: Ministry of Public Security order 33.
//   - Domain: UTS #46, the Public Suffix List, and the IANA registry of
//     special-use domain names (RFC 6761).
package identifier
