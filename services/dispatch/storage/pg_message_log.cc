#include "services/dispatch/storage/pg_message_log.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "absl/time/clock.h"

#include "libs/postgres/field.h"
#include "libs/postgres/timestamp.h"
#include "libs/postgres/transaction.h"
#include "libs/status/error_details.h"
#include "services/dispatch/message/message_id.h"
#include "services/dispatch/storage/message_state.h"
#include "services/dispatch/storage/pg_mail_rows.h"
#include "services/dispatch/storage/pg_message_facts.h"

// Single mails and lists of them. Counts are in pg_message_counts.cc.
namespace lmsmail::dispatch {
namespace {

using postgres::RunInTransaction;

// The number of mails that one call examines at most.
constexpr int kMaxExamined = 1000;

// All queries of a call use one snapshot: a mail that changes its table in between is seen once.
postgres::TransactionOptions Reading(std::string_view name, absl::Time deadline) {
  return {.name = name,
          .deadline = deadline,
          .isolation = postgres::Isolation::kRepeatableRead,
          .repeatable = true};
}

absl::Time DatabaseNow(pqxx::work& tx) { return postgres::Time(tx.exec1("SELECT now()")[0]); }

absl::Status NoSuchMessage(MessageId id) { return NotFound(fmt::format("messages/{}", id)); }

absl::StatusOr<MessageRecord> LoadRecord(pqxx::work& tx, MessageId id) {
  std::map<MessageId, Mail> mails = LoadMails(tx, {id});
  if (mails.empty()) return NoSuchMessage(id);
  return MakeRecord(std::move(mails.begin()->second), LoadFacts(tx, {id}).at(id), DatabaseNow(tx));
}

std::vector<RecordedOutcome> LoadOutcomes(pqxx::work& tx, MessageId id) {
  std::vector<RecordedOutcome> outcomes;
  for (const pqxx::row& row : tx.exec_params(
           fmt::format("SELECT {} FROM result r WHERE r.msg_id = $1 ORDER BY r.delivery_count",
                       kOutcomeColumns),
           id)) {
    outcomes.push_back(*ReadOutcome(row, 0));
  }
  return outcomes;
}

void AddRetries(pqxx::work& tx, MessageId id, History& history) {
  for (const pqxx::row& row : tx.exec_params("SELECT create_time, request_id FROM retry WHERE "
                                             "msg_id = $1 ORDER BY create_time, delivery_count",
                                             id)) {
    history.retries.push_back({postgres::Time(row[0]), postgres::Text(row[1])});
  }
}

void AddEvents(pqxx::work& tx, MessageId id, History& history) {
  for (const pqxx::row& row : tx.exec_params("SELECT event_time, type, detail FROM event WHERE "
                                             "msg_id = $1 ORDER BY event_time, event_id",
                                             id)) {
    history.events.push_back(
        {postgres::Time(row[0]), static_cast<EventType>(row[1].as<int>()), postgres::Text(row[2])});
  }
}

std::optional<absl::Time> LoadClaimTime(pqxx::work& tx, MessageId id) {
  return postgres::OptionalTime(
      tx.exec_params1("SELECT max(claim_time) FROM claim WHERE $1 = ANY (msg_ids)", id)[0]);
}

// A mail that may be on a page, with the fields that the filter needs.
struct Candidate {
  MessageId id;
  absl::Time due;
  std::string template_key;
};

// An id contains the day of the due time at the beginning of Accept. If Accept then waited for a
// lock, the due time may be on the next day.
std::string CandidatesSql(pqxx::work& tx, const MessageFilter& filter, MessageId before) {
  std::string where = fmt::format("msg_id >= {}", FirstIdOf(DayOf(filter.start) - 1));
  const bool has_end = filter.end > absl::UnixEpoch();
  if (before > 0) where += fmt::format(" AND msg_id < {}", before);
  // No id lies after the last day.
  if (const std::int64_t last_day = DayOf(filter.end); has_end && last_day < kMaxDay) {
    where += fmt::format(" AND msg_id < {}", FirstIdOf(last_day + 1));
  }
  where += fmt::format(" AND due_time >= '{}'", postgres::ToTimestamptz(filter.start));
  if (has_end) where += fmt::format(" AND due_time < '{}'", postgres::ToTimestamptz(filter.end));
  if (filter.target) {
    where += fmt::format(" AND target = {} AND target_kind = {}", tx.quote(filter.target->value),
                         static_cast<int>(filter.target->kind));
  }
  if (filter.batch != 0) where += fmt::format(" AND batch_id = {}", filter.batch);
  const auto newest_of = [&](std::string_view table) {
    return fmt::format(
        "(SELECT msg_id, due_time, template_key FROM {} WHERE {} ORDER BY msg_id DESC LIMIT {})",
        table, where, kMaxExamined);
  };
  return fmt::format("{} UNION ALL {} ORDER BY msg_id DESC LIMIT {}", newest_of("message"),
                     newest_of("scheduled"), kMaxExamined);
}

std::vector<Candidate> LoadCandidates(pqxx::work& tx, const MessageFilter& filter,
                                      MessageId before) {
  std::vector<Candidate> candidates;
  for (const pqxx::row& row : tx.exec(CandidatesSql(tx, filter, before))) {
    candidates.push_back(
        {row[0].as<std::int64_t>(), postgres::Time(row[1]), postgres::Text(row[2])});
  }
  return candidates;
}

std::vector<MessageId> Ids(const std::vector<Candidate>& candidates) {
  std::vector<MessageId> ids;
  ids.reserve(candidates.size());
  for (const Candidate& candidate : candidates) ids.push_back(candidate.id);
  return ids;
}

}  // namespace

absl::StatusOr<MessageId> PgMessageLog::FindByKey(std::string_view key, absl::Time deadline) {
  return RunInTransaction(pool_, Reading("dispatch.find_by_key", deadline),
                          [&](pqxx::work& tx) -> absl::StatusOr<MessageId> {
                            const pqxx::result rows = tx.exec_params(
                                "SELECT msg_id FROM dedupe WHERE key = $1", std::string(key));
                            if (rows.empty())
                              return NotFound(fmt::format("a message accepted as \"{}\"", key));
                            return rows[0][0].as<std::int64_t>();
                          });
}

absl::StatusOr<std::optional<KnownRequest>> PgMessageLog::FindRequest(std::string_view request_id,
                                                                      absl::Time deadline) {
  return RunInTransaction(
      pool_, Reading("dispatch.find_request", deadline),
      [&](pqxx::work& tx) -> absl::StatusOr<std::optional<KnownRequest>> {
        const pqxx::result rows = tx.exec_params(
            "SELECT r.digest, r.is_batch, coalesce(r.ids[1], r.first_id), b.template_key, "
            "  b.template_version, b.category "
            "FROM request r LEFT JOIN batch b ON r.is_batch AND b.request_id = r.request_id "
            "WHERE r.request_id = $1 ORDER BY r.chunk LIMIT 1",
            std::string(request_id));
        if (rows.empty()) return std::nullopt;
        const pqxx::row& row = rows[0];
        KnownRequest known;
        known.digest = row[0].as<std::int64_t>();
        known.batch = row[1].as<bool>();
        known.first = row[2].as<std::int64_t>();
        // Its batch may have been purged before its key was deleted.
        if (known.batch && row[3].is_null()) return std::nullopt;
        if (known.batch) {
          known.template_ref = {postgres::Text(row[3]), row[4].as<int>(),
                                static_cast<Category>(row[5].as<int>())};
        }
        return known;
      });
}

absl::StatusOr<std::vector<AddressReport>> PgMessageLog::AddressReports(absl::Time since,
                                                                        absl::Time deadline) {
  return RunInTransaction(
      pool_, Reading("dispatch.address_reports", deadline),
      [&](pqxx::work& tx) -> absl::StatusOr<std::vector<AddressReport>> {
        std::vector<AddressReport> reports;
        for (const pqxx::row& row : tx.exec_params(
                 "SELECT msg_id, NULL, reply_code, enhanced_code, reply_text FROM result "
                 "WHERE kind = 3 AND reason = 12 AND record_time >= $1::timestamptz "
                 "UNION ALL "
                 "SELECT msg_id, type, 0, '', detail FROM event "
                 "WHERE type IN (2, 6) AND event_time >= $1::timestamptz",
                 postgres::ToTimestamptz(since))) {
          std::optional<EventType> event;
          if (!row[1].is_null()) event = static_cast<EventType>(row[1].as<int>());
          reports.push_back({.message = row[0].as<std::int64_t>(),
                             .event = event,
                             .reply_code = row[2].as<int>(),
                             .enhanced_code = postgres::Text(row[3]),
                             .detail = postgres::Text(row[4])});
        }
        return reports;
      });
}

absl::StatusOr<MessageRecord> PgMessageLog::Get(MessageId id, absl::Time deadline) {
  return RunInTransaction(pool_, Reading("dispatch.get", deadline),
                          [&](pqxx::work& tx) { return LoadRecord(tx, id); });
}

absl::StatusOr<History> PgMessageLog::Explain(MessageId id, absl::Time deadline) {
  return RunInTransaction(pool_, Reading("dispatch.explain", deadline),
                          [&](pqxx::work& tx) -> absl::StatusOr<History> {
                            absl::StatusOr<MessageRecord> record = LoadRecord(tx, id);
                            if (!record.ok()) return record.status();
                            History history;
                            history.record = *std::move(record);
                            history.outcomes = LoadOutcomes(tx, id);
                            history.cancel_requested = LoadFacts(tx, {id}).at(id).cancelled;
                            if (history.record.state == State::kSending) {
                              history.claimed = LoadClaimTime(tx, id);
                            }
                            AddRetries(tx, id, history);
                            AddEvents(tx, id, history);
                            return history;
                          });
}

absl::StatusOr<MessageLog::Page> PgMessageLog::List(const MessageFilter& filter, MessageId before,
                                                    int limit, absl::Time deadline) {
  return RunInTransaction(
      pool_, Reading("dispatch.list", deadline), [&](pqxx::work& tx) -> absl::StatusOr<Page> {
        std::vector<Candidate> candidates = LoadCandidates(tx, filter, before);
        Page page;
        if (candidates.size() == kMaxExamined) page.next = candidates.back().id;
        if (!filter.template_key.empty()) {
          std::erase_if(candidates,
                        [&](const Candidate& c) { return c.template_key != filter.template_key; });
        }
        const auto truncate = [&] {
          if (candidates.size() <= static_cast<std::size_t>(limit)) return;
          candidates.resize(limit);
          page.next = candidates.back().id;
        };
        if (!filter.state) truncate();
        const absl::Time now = DatabaseNow(tx);
        const auto facts = LoadFacts(tx, Ids(candidates));
        if (filter.state) {
          std::erase_if(candidates, [&](const Candidate& c) {
            return StateOf(facts.at(c.id), c.due, now) != *filter.state;
          });
          truncate();
        }
        std::map<MessageId, Mail> mails = LoadMails(tx, Ids(candidates));
        for (const Candidate& candidate : candidates) {
          page.records.push_back(
              MakeRecord(std::move(mails.at(candidate.id)), facts.at(candidate.id), now));
        }
        return page;
      });
}

}  // namespace lmsmail::dispatch
