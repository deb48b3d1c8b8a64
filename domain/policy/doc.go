// Package policy says what an application needs: which items, which stages, whether
// two people must approve, how long each step may take, and which texts the merchant
// agrees to. It is a table, not a program: one JSON file per version, embedded,
// validated when loaded, and readable by whoever has to answer for it.
//
// # Versions
//
// A Book holds every version, because an application is judged by the version that
// it was submitted under: newer rules do not fall on whoever is already waiting. A
// version names the day it takes effect (InForce) and is complete in itself; it is
// never edited once used, a new file is added. Whatever a version says about texts
// is pinned by SHA-256, so that a signature and a consent can be proved to be over
// exactly these words.
//
// # Rules
//
// A rule holds under a condition (When) over the Facts: kind of merchant, products,
// where it sells, the form of its licence number, the type of identity document, and
// the exceptions it claims. Requirements applies the rules and says why for each
// item and each stage, also for those that are not needed:
//
//   - An item asked for by the first matching rule is required or optional, and due
//     before the review of its Stage: the form and the documents before the
//     qualification, the ICP number before the ICP stage, the site's address and
//     test account before the website stage.
//   - A waiver takes back what another fact makes unnecessary. An 18-character
//     unified social credit code is the tax number (its characters 3 to 17) and the
//     organisation code (9 to 17), so both numbers and both certificates are waived;
//     a 15-digit licence needs all of them. A passport or travel permit has no back.
//   - A slot may accept something else in its place: since account-opening licences
//     ended, the "basic deposit account information" printed by the bank.
//   - A product used only offline needs neither ICP stage nor website registration;
//     every product on a site or in an app needs both. Online banking has no offline
//     form.
//   - An enterprise, and anybody who wants online banking, is approved by two people;
//     some acts take two people whoever the merchant is (TwoPeopleFor).
//
// Unknown facts waive nothing. The check digit of a licence number is not looked at
// here: lawful numbers of the pilot era fail it (see package identifier).
//
// # Units
//
// Business days are those of package calendar in the platform's place; all other
// days are calendar days. The fields of Terms name their units.
//
// # Sources
//
// Decree 768 of 2023 on non-bank payment institutions; anti-money-laundering law of
// 2024 (identification; art. 34: ten years); State Council Office 2015 No. 50
// ("three certificates in one") and GB 32100-2015; PBOC notice Yinfa 2019 No. 41 (end
// of account-opening licences); MIIT order 33 of 2005 (ICP filing); PIPL 2021 arts. 14,
// 17 and 29 (consent, and separate consent for sensitive data). The times are those
// of the onboarding guide, which promises an answer within three business days.
package policy
