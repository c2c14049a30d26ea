#include "services/dispatch/storage/pg_message_log.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "absl/time/clock.h"

#include "libs/identity/owned_key.h"
#include "libs/postgres/array_literal.h"
#include "libs/postgres/field.h"
#include "libs/postgres/timestamp.h"
#include "libs/postgres/transaction.h"
#include "libs/status/error_details.h"
#include "services/dispatch/message/message_id.h"
#include "services/dispatch/storage/message_state.h"
#include "services/dispatch/storage/pg_mail_rows.h"
#include "services/dispatch/storage/pg_message_facts.h"

// Single mails. Lists are in pg_message_list.cc, counts in pg_message_counts.cc.
namespace lmsmail::dispatch {
namespace {

using postgres::RunInTransaction;

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
  Mail mail = std::move(mails.begin()->second);
  mail.deferral_time = postgres::OptionalTime(
      tx.exec_params1("SELECT deferral_time FROM deferral_time(shard_of($1), $1, $1, $1)", id)[0]);
  return MakeRecord(std::move(mail), LoadFacts(tx, {id}).at(id), DatabaseNow(tx));
}

std::vector<RecordedOutcome> LoadOutcomes(pqxx::work& tx, MessageId id) {
  std::vector<RecordedOutcome> outcomes;
  for (const pqxx::row& row : tx.exec_params(
           fmt::format("SELECT {} FROM result r WHERE r.shard = shard_of($1) AND r.msg_id = $1 "
                       "ORDER BY r.delivery_count",
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
  for (const pqxx::row& row :
       tx.exec_params("SELECT event_time, type, detail, event_id, machine FROM event WHERE "
                      "shard = shard_of($1) AND msg_id = $1 ORDER BY event_time, event_id",
                      id)) {
    history.events.push_back({postgres::Time(row[0]), static_cast<EventType>(row[1].as<int>()),
                              postgres::Text(row[2]), postgres::Text(row[3]), row[4].as<bool>()});
  }
}

std::optional<absl::Time> LoadClaimTime(pqxx::work& tx, MessageId id) {
  return postgres::OptionalTime(
      tx.exec_params1("SELECT max(claim_time) FROM claim WHERE $1 = ANY (msg_ids)", id)[0]);
}

}  // namespace

absl::StatusOr<std::map<std::string, MessageId>> PgMessageLog::FindByKey(std::string_view key,
                                                                         absl::Time deadline) {
  return RunInTransaction(
      pool_, Reading("dispatch.find_by_key", deadline),
      [&](pqxx::work& tx) -> absl::StatusOr<std::map<std::string, MessageId>> {
        const identity::OwnersRange owners = identity::OwnersOf(key);
        std::map<std::string, MessageId> found;
        for (const pqxx::row& row :
             tx.exec_params("SELECT key, msg_id FROM dedupe WHERE key > $1 AND key < $2 LIMIT $3",
                            owners.after, owners.before, kMaxSenders)) {
          const std::string stored = postgres::Text(row[0]);
          found.emplace(identity::SplitOwnedKey(stored).owner, row[1].as<std::int64_t>());
        }
        return found;
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
        for (const pqxx::row& row :
             tx.exec_params("SELECT msg_id, NULL, reply_code, enhanced_code, reply_text, "
                            "address_hash FROM result "
                            "WHERE kind = 3 AND reason = 12 AND record_time >= $1::timestamptz "
                            "UNION ALL "
                            "SELECT msg_id, type, 0, '', detail, NULL FROM event "
                            "WHERE type IN (2, 6) AND event_time >= $1::timestamptz",
                            postgres::ToTimestamptz(since))) {
          std::optional<EventType> event;
          if (!row[1].is_null()) event = static_cast<EventType>(row[1].as<int>());
          reports.push_back({.message = row[0].as<std::int64_t>(),
                             .event = event,
                             .reply_code = row[2].as<int>(),
                             .enhanced_code = postgres::Text(row[3]),
                             .detail = postgres::Text(row[4]),
                             .address_hash = ReadBytes(row[5])});
        }
        return reports;
      });
}

absl::StatusOr<std::map<MessageId, Target>> PgMessageLog::Targets(absl::Span<const MessageId> ids,
                                                                  absl::Time deadline) {
  return postgres::RunStatement(
      pool_, {.name = "dispatch.targets", .deadline = deadline, .reads_only = true},
      [&](pqxx::transaction_base& tx) -> absl::StatusOr<std::map<MessageId, Target>> {
        std::map<MessageId, Target> targets;
        for (const pqxx::row& row : tx.exec_params(
                 "SELECT m.msg_id, m.target_kind, m.target FROM unnest($1::int8[]) u(id) "
                 // With = ANY, hundreds of ids may cause a scan of the whole table.
                 "CROSS JOIN LATERAL (SELECT * FROM message m WHERE m.shard = shard_of(u.id) AND "
                 "m.msg_id = u.id LIMIT 1) m",
                 postgres::ToArrayLiteral(ids))) {
          targets[row[0].as<std::int64_t>()] = {static_cast<Target::Kind>(row[1].as<int>()),
                                                postgres::Text(row[2])};
        }
        return targets;
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

}  // namespace lmsmail::dispatch
