#include "tests/chaos/faults.h"

#include <algorithm>

namespace lmsmail::chaos {
namespace {

// So that a replica notices within seconds that its listener is dead.
constexpr std::string_view kFrequentAcceptProbe = "--rpc.probe_interval=1s";
// So that an attack that holds silent streams takes seconds.
constexpr std::string_view kShortStreamIdle = "--rpc.stream_idle=2s";
// The mail server is at the second of the addresses.
constexpr std::string_view kTwoAddresses = "--transports.inbox.host=localhost";
constexpr std::string_view kSendGrid = "sendgrid";
constexpr std::string_view kMailgun = "mailgun";

constexpr Fault kFaults[] = {
    {"kill-dispatch", "SIGKILL to one of three replicas every second", KillDispatch},
    {"kill-dispatch-and-journal", "the same, and each replica loses its journal",
     KillDispatchAndJournal},
    {"stop-dispatch", "SIGSTOP to a replica for longer than its lease, then SIGCONT", StopDispatch},
    {"kill-postgres", "SIGKILL to the whole database server, then a restart", KillPostgres},
    {"terminate-backends", "pg_terminate_backend for every connection, five times a second",
     TerminateBackends},
    {"cut-postgres", "connections to the database are reset and refused for less than a lease",
     CutPostgres},
    {"lose-postgres", "the same for longer than a lease", LosePostgres},
    {"stall-postgres", "no data passes between dispatch and the database for some seconds",
     StallPostgres},
    {"slow-postgres", "a delay of 10 ms in each direction to the database", SlowPostgres},
    {"lose-commits", "the response to every fifth COMMIT is lost with its connection", LoseCommits},
    {"lose-claims",
     "every response to a COMMIT or claim is lost, then the database is cut off for most of a "
     "lease",
     LoseClaims},
    {"cut-smtp", "connections to the mail server are reset, then refused", CutSmtp},
    {"stall-smtp", "no data passes between dispatch and the mail server for some seconds",
     StallSmtp},
    {"slow-smtp", "a delay of 50 ms and a limit of 50 kB/s on every connection to the mail server",
     SlowSmtp},
    {"drop-after-dot",
     "the mail server closes connections after the dot without a reply, or before the dot",
     DropAfterDot},
    {"dead-first-address", "the first address of the mail server never answers", KillFirstAddress,
     kTwoAddresses, false, true},
    {"quota", "the mail server's sending quota is used up in the middle of the mail, then renewed",
     UseUpQuota},
    {"revoke-password", "connections are reset, and the mail server refuses the password",
     RevokePassword},
    {.name = "provider-errors-sendgrid",
     .description = "SendGrid answers with errors, late or wrongly, or breaks connections, in turn",
     .apply = FailRequests,
     .provider = kSendGrid},
    {.name = "provider-errors-mailgun",
     .description = "the same for Mailgun",
     .apply = FailRequests,
     .provider = kMailgun},
    {.name = "revoke-key-sendgrid",
     .description = "SendGrid's API key is revoked, then valid again",
     .apply = RevokeApiKey,
     .provider = kSendGrid},
    {.name = "revoke-key-mailgun",
     .description = "the same for Mailgun",
     .apply = RevokeApiKey,
     .provider = kMailgun},
    {.name = "kill-sendgrid",
     .description = "SIGKILL to SendGrid's fake, then a restart",
     .apply = KillProvider,
     .provider = kSendGrid},
    {.name = "kill-mailgun",
     .description = "the same for Mailgun",
     .apply = KillProvider,
     .provider = kMailgun},
    {.name = "kill-dispatch-sendgrid",
     .description = "kill-dispatch while mail goes to SendGrid",
     .apply = KillDispatch,
     .provider = kSendGrid},
    {.name = "kill-dispatch-mailgun",
     .description = "the same for Mailgun",
     .apply = KillDispatch,
     .provider = kMailgun},
    {"fill-disk", "the disk of the database is full, then has space again", FillDisk, "", true},
    {"exhaust-descriptors", "a caller's connections take all file descriptors of a replica",
     ExhaustDescriptors, kFrequentAcceptProbe},
    {"memory-attack", "callers send a replica what takes much more memory than bandwidth",
     AttackMemory, kShortStreamIdle},
    {"preference-down", "the preference service is down", StopPreference},
    {"template-down", "the template service is down and no replica has a template in memory",
     StopTemplate},
    {"purge-logs", "days of the log are dropped under load", PurgeLogs},
};

}  // namespace

absl::Span<const Fault> Faults() { return kFaults; }

const Fault* FindFault(std::string_view name) {
  const auto* const found = std::ranges::find(kFaults, name, &Fault::name);
  return found == std::end(kFaults) ? nullptr : found;
}

}  // namespace lmsmail::chaos
