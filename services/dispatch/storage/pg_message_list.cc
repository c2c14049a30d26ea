#include <fmt/format.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"

#include "libs/postgres/field.h"
#include "libs/postgres/timestamp.h"
#include "libs/postgres/transaction.h"
#include "libs/strings/view.h"
#include "services/dispatch/message/message_id.h"
#include "services/dispatch/storage/message_state.h"
#include "services/dispatch/storage/pg_mail_rows.h"
#include "services/dispatch/storage/pg_message_facts.h"
#include "services/dispatch/storage/pg_message_log.h"

namespace lmsmail::dispatch {
namespace {

// A call reads at most so many index entries, and determines the state of at most so many mails,
// which takes longer.
constexpr int kMaxExamined = 10'000;
constexpr std::size_t kMaxCandidates = 1000;

// A mail that may be on a page.
struct Candidate {
  MessageLog::Position position;
  absl::Time due;
};

struct Candidates {
  std::vector<Candidate> mails;              // newest first
  std::optional<MessageLog::Position> next;  // set if there may be more
};

// What an index or the choice of partitions decides, so that few other rows are read. An id
// contains the day of the due time at the beginning of Accept. If Accept then waited for a lock,
// the due time may be on the next day.
std::string IndexedConditions(pqxx::work& tx, const MessageFilter& filter,
                              const std::optional<MessageLog::Position>& after) {
  std::string where = fmt::format("msg_id >= {}", FirstIdOf(DayOf(filter.start) - 1));
  // No id lies after the last day.
  if (const std::int64_t last_day = DayOf(filter.end);
      filter.end > absl::UnixEpoch() && last_day < kMaxDay) {
    where += fmt::format(" AND msg_id < {}", FirstIdOf(last_day + 1));
  }
  if (after) {
    where += fmt::format(
        " AND create_time <= '{0}' AND (create_time, msg_id) < ('{0}'::timestamptz, {1})",
        postgres::ToTimestamptz(after->create_time), after->id);
  }
  if (filter.target) {
    where += fmt::format(" AND lower(target) = {}",
                         tx.quote(absl::AsciiStrToLower(ToAbsl(filter.target->value))));
  } else if (filter.batch != 0) {
    where += fmt::format(" AND batch_id = {}", filter.batch);
  }
  return where;
}

// The rest, which may leave out any number of rows: it is checked for kMaxExamined mails only.
std::string OtherConditions(pqxx::work& tx, const MessageFilter& filter) {
  std::string where = fmt::format("e.due_time >= '{}'", postgres::ToTimestamptz(filter.start));
  if (filter.end > absl::UnixEpoch()) {
    where += fmt::format(" AND e.due_time < '{}'", postgres::ToTimestamptz(filter.end));
  }
  if (filter.target) {
    where += fmt::format(" AND e.target_kind = {}", static_cast<int>(filter.target->kind));
    if (filter.target->kind == Target::Kind::kRecipient) {
      where += fmt::format(" AND e.target = {}", tx.quote(filter.target->value));
    }
    if (filter.batch != 0) where += fmt::format(" AND e.batch_id = {}", filter.batch);
  }
  if (!filter.template_key.empty()) {
    where += fmt::format(" AND e.template_key = {}", tx.quote(filter.template_key));
  }
  for (const auto& [key, value] : filter.labels) {
    where += fmt::format(
        " AND EXISTS (SELECT FROM generate_series(1, cardinality(l.labels), 2) i "
        "WHERE l.labels[i] = {} AND l.labels[i + 1] = {})",
        tx.quote(key), tx.quote(value));
  }
  return where;
}

std::string CandidatesSql(pqxx::work& tx, const MessageFilter& filter,
                          const std::optional<MessageLog::Position>& after) {
  const std::string indexed = IndexedConditions(tx, filter, after);
  const auto newest_of = [&](std::string_view table) {
    return fmt::format(
        "(SELECT msg_id, create_time, due_time, batch_id, target_kind, target, template_key, "
        "labels "
        "FROM {} WHERE {} ORDER BY create_time DESC, msg_id DESC LIMIT {})",
        table, indexed, kMaxExamined);
  };
  return fmt::format(
      "SELECT n.msg_id, n.create_time, n.due_time, n.matches, n.number = {1} FROM ("
      "  SELECT e.*, ({3}) AS matches, "
      "    row_number() OVER (ORDER BY e.create_time DESC, e.msg_id DESC) AS number "
      "  FROM ({0} UNION ALL {2} ORDER BY create_time DESC, msg_id DESC LIMIT {1}) e "
      "  LEFT JOIN LATERAL (SELECT CASE WHEN e.batch_id = 0 THEN e.labels ELSE "
      "    (SELECT b.labels FROM batch b WHERE b.batch_id = e.batch_id) END AS labels) l ON true) "
      "n "
      "WHERE n.matches OR n.number = {1} ORDER BY n.number",
      newest_of("message"), kMaxExamined, newest_of("scheduled"), OtherConditions(tx, filter));
}

void Truncate(Candidates& candidates, std::size_t limit) {
  if (candidates.mails.size() <= limit) return;
  candidates.mails.resize(limit);
  candidates.next = candidates.mails.back().position;
}

Candidates LoadCandidates(pqxx::work& tx, const MessageFilter& filter,
                          const std::optional<MessageLog::Position>& after) {
  Candidates candidates;
  for (const pqxx::row& row : tx.exec(CandidatesSql(tx, filter, after))) {
    const MessageLog::Position position{postgres::Time(row[1]), row[0].as<std::int64_t>()};
    if (row[3].as<bool>()) candidates.mails.push_back({position, postgres::Time(row[2])});
    if (row[4].as<bool>()) candidates.next = position;
  }
  Truncate(candidates, kMaxCandidates);
  return candidates;
}

std::vector<MessageId> Ids(const std::vector<Candidate>& candidates) {
  std::vector<MessageId> ids;
  ids.reserve(candidates.size());
  for (const Candidate& candidate : candidates) ids.push_back(candidate.position.id);
  return ids;
}

}  // namespace

absl::StatusOr<MessageLog::Page> PgMessageLog::List(const MessageFilter& filter,
                                                    std::optional<Position> after, int limit,
                                                    absl::Time deadline) {
  return postgres::RunInTransaction(
      pool_,
      {.name = "dispatch.list",
       .deadline = deadline,
       .isolation = postgres::Isolation::kRepeatableRead,
       .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<Page> {
        const auto size = static_cast<std::size_t>(limit);
        Candidates candidates = LoadCandidates(tx, filter, after);
        if (!filter.state) Truncate(candidates, size);
        const absl::Time now = postgres::Time(tx.exec1("SELECT now()")[0]);
        const auto facts = LoadFacts(tx, Ids(candidates.mails));
        if (filter.state) {
          std::erase_if(candidates.mails, [&](const Candidate& c) {
            return StateOf(facts.at(c.position.id), c.due, now) != *filter.state;
          });
          Truncate(candidates, size);
        }
        std::map<MessageId, Mail> mails = LoadMails(tx, Ids(candidates.mails));
        Page page;
        page.next = candidates.next;
        for (const Candidate& candidate : candidates.mails) {
          const MessageId id = candidate.position.id;
          page.records.push_back(MakeRecord(std::move(mails.at(id)), facts.at(id), now));
        }
        return page;
      });
}

}  // namespace lmsmail::dispatch
