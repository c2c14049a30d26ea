#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <pqxx/binarystring>
#include <string>
#include <utility>

#include "libs/identity/owned_key.h"
#include "libs/postgres/array_literal.h"
#include "libs/postgres/field.h"
#include "libs/postgres/sql_error.h"
#include "libs/postgres/timestamp.h"
#include "libs/postgres/transaction.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "services/dispatch/message/message_id.h"
#include "services/dispatch/message/resource_names.h"
#include "services/dispatch/storage/pg_hot_statements.h"
#include "services/dispatch/storage/pg_queue_store.h"
#include "services/dispatch/storage/shard_choice.h"

namespace lmsmail::dispatch {
namespace {

using postgres::ArrayLiteral;
using postgres::RunStatement;
using postgres::ToArrayLiteral;

constexpr std::size_t kMaxItems = 1000;

std::string Hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "\\x";
  text.reserve(2 + 2 * bytes.size());
  for (const char c : bytes) {
    text.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
    text.push_back(kDigits[static_cast<unsigned char>(c) & 0xF]);
  }
  return text;
}

// A text[] literal; nullopt if there are no labels.
std::optional<std::string> LabelsLiteral(const Submission& submission) {
  if (submission.labels.empty()) return std::nullopt;
  ArrayLiteral words;
  for (const auto& [key, value] : submission.labels) {
    words.AddText(key);
    words.AddText(value);
  }
  return std::move(words).str();
}

std::optional<std::string> SharedContext(const Submission& submission) {
  if (!submission.batch || submission.shared_context.empty()) return std::nullopt;
  return Hex(submission.shared_context);
}

std::optional<std::string> Traceparent(const Submission& submission) {
  if (submission.traceparent.empty()) return std::nullopt;
  return submission.traceparent;
}

// The parameters of accept_submissions that have one element for each item.
struct ItemArrays {
  ArrayLiteral sub, index, kind, target, key, context_at, context_size;
  std::string contexts;

  void Add(std::size_t submission, std::size_t position, const Submission::Item& item,
           std::string_view dedupe_key) {
    sub.AddInt(static_cast<std::int64_t>(submission) + 1);
    index.AddInt(static_cast<std::int64_t>(position));
    kind.AddInt(static_cast<std::int64_t>(item.target.kind));
    target.AddText(item.target.value);
    dedupe_key.empty() ? key.AddNull() : key.AddText(dedupe_key);
    context_at.AddInt(static_cast<std::int64_t>(contexts.size()));
    context_size.AddInt(static_cast<std::int64_t>(item.context.size()));
    contexts += item.context;
  }
};

// The request_id of a Send is also the dedupe key of its mail, so that FindByKey finds it.
std::string_view KeyOf(const Submission& submission, const Submission::Item& item) {
  if (!item.dedupe_key.empty()) return item.dedupe_key;
  return submission.batch ? std::string_view() : submission.request_id;
}

ItemArrays MakeItemArrays(absl::Span<const Submission> submissions) {
  ItemArrays arrays;
  for (std::size_t s = 0; s < submissions.size(); ++s) {
    const Submission& submission = submissions[s];
    for (std::size_t i = 0; i < submission.items.size(); ++i) {
      arrays.Add(s, i, submission.items[i], KeyOf(submission, submission.items[i]));
    }
  }
  return arrays;
}

pqxx::result Call(pqxx::transaction_base& tx, int shard, absl::Span<const Submission> submissions,
                  const std::vector<std::int64_t>& first_numbers) {
  const auto each = [&](auto projection) { return ToArrayLiteral(submissions, projection); };
  const ItemArrays items = MakeItemArrays(submissions);
  return tx.exec_prepared(
      kAccept, shard, each(&Submission::request_id), each(&Submission::chunk),
      each(&Submission::digest), each(&Submission::batch),
      each([](const auto& s) { return s.template_ref.key; }),
      each([](const auto& s) { return s.template_ref.version; }),
      each([](const auto& s) { return static_cast<int>(s.template_ref.category); }),
      each([](const auto& s) { return static_cast<int>(s.lane); }), each(&Submission::due_time),
      each(&Submission::expire_time), each(SharedContext), each(&Submission::language_code),
      each(&Submission::transport), each(LabelsLiteral), each(&Submission::max_per_second),
      ToArrayLiteral(first_numbers), items.sub.str(), items.index.str(), items.kind.str(),
      items.target.str(), items.key.str(), items.context_at.str(), items.context_size.str(),
      pqxx::binarystring(items.contexts), each(Traceparent));
}

absl::StatusOr<Accepted> ReadAccepted(const pqxx::row& row, const Submission& submission) {
  enum { kNew = 0, kReplayed = 1, kConflict = 2 };
  const int state = row[1].as<int>();
  const auto batch = row[2].as<std::int64_t>();
  const auto first = row[3].as<std::int64_t>();
  const std::vector<std::int64_t> ids = postgres::Int8Array(row[4]);
  if (state == kConflict) {
    const std::string known =
        batch != 0 ? BatchName(batch) : MessageName(ids.empty() ? first : ids[0]);
    return AlreadyExists(
        fmt::format("request_id \"{}\"", identity::SplitOwnedKey(submission.request_id).key),
        fmt::format("was used before with another body, for {}", known));
  }
  Accepted accepted;
  accepted.batch = batch;
  accepted.replayed = state == kReplayed;
  accepted.items.resize(submission.items.size());
  accepted.items[0].create_time = postgres::Time(row[5]);
  accepted.items[0].due_time = postgres::Time(row[6]);
  for (std::size_t i = 0; i < accepted.items.size(); ++i) {
    const std::int64_t own = first + static_cast<std::int64_t>(i);
    accepted.items[i].id = ids.empty() ? own : ids.at(i);
    accepted.items[i].duplicate = accepted.replayed || accepted.items[i].id != own;
  }
  return accepted;
}

absl::Status Check(absl::Span<const Submission> submissions) {
  for (const Submission& submission : submissions) {
    if (submission.items.empty() || submission.items.size() > kMaxItems) {
      return absl::InvalidArgumentError(fmt::format("a submission has 1 to {} items, not {}",
                                                    kMaxItems, submission.items.size()));
    }
  }
  return absl::OkStatus();
}

// Returns the end of the submissions from `begin` on that share a shard: small ones wait in the
// shard of the first of them, so that a transaction, also of many Sends, concerns one shard.
std::size_t EndOfShard(absl::Span<const Submission> submissions, std::size_t begin) {
  std::size_t end = begin + 1;
  while (end < submissions.size() && MayShareShard(submissions[begin], submissions[end])) ++end;
  return end;
}

// There is no partition for a row: EnsurePartitions() has not run for days.
bool LacksPartition(const absl::Status& status) { return postgres::SqlStateOf(status) == "23514"; }

bool BatchLostContent(const absl::Status& status) {
  return postgres::SqlStateOf(status) == "MQ003";
}

}  // namespace

absl::StatusOr<std::vector<absl::StatusOr<Accepted>>> PgQueueStore::AcceptOnce(
    int shard, absl::Span<const Submission> submissions, absl::Time deadline) {
  return RunStatement(
      pool_, {.name = "dispatch.accept", .deadline = deadline, .repeatable = true},
      [&](pqxx::transaction_base& tx) -> absl::StatusOr<std::vector<absl::StatusOr<Accepted>>> {
        // New numbers for each run: a known number means that an earlier run has committed.
        std::vector<std::int64_t> first_numbers;
        for (const Submission& submission : submissions) {
          const auto items = static_cast<std::int64_t>(submission.items.size());
          first_numbers.push_back(message_numbers_.Take(tx, items));
        }
        const pqxx::result rows = Call(tx, shard, submissions, first_numbers);
        std::vector<absl::StatusOr<Accepted>> accepted;
        for (const pqxx::row& row : rows) {
          accepted.push_back(ReadAccepted(row, submissions[accepted.size()]));
        }
        return accepted;
      });
}

absl::StatusOr<std::vector<absl::StatusOr<Accepted>>> PgQueueStore::AcceptInShard(
    int shard, absl::Span<const Submission> submissions, absl::Time deadline) {
  absl::StatusOr<std::vector<absl::StatusOr<Accepted>>> accepted =
      AcceptOnce(shard, submissions, deadline);
  if (BatchLostContent(accepted.status())) {
    return absl::FailedPreconditionError(
        "the retention of content has ended for the batch of this request_id, and its "
        "shared_context was dropped: send the rest as another batch");
  }
  if (!LacksPartition(accepted.status())) return accepted;
  LMSMAIL_RETURN_IF_ERROR(EnsurePartitions(deadline));
  return AcceptOnce(shard, submissions, deadline);
}

absl::StatusOr<std::vector<absl::StatusOr<Accepted>>> PgQueueStore::Accept(
    absl::Span<const Submission> submissions, absl::Time deadline) {
  LMSMAIL_RETURN_IF_ERROR(Check(submissions));
  std::vector<absl::StatusOr<Accepted>> accepted;
  // A call has more than one shard only if there is a large batch in it.
  for (std::size_t begin = 0; begin < submissions.size();) {
    const std::size_t end = EndOfShard(submissions, begin);
    LMSMAIL_ASSIGN_OR_RETURN(std::vector<absl::StatusOr<Accepted>> part,
                             AcceptInShard(ShardFor(submissions[begin]),
                                           submissions.subspan(begin, end - begin), deadline));
    std::ranges::move(part, std::back_inserter(accepted));
    begin = end;
  }
  return accepted;
}

}  // namespace lmsmail::dispatch
