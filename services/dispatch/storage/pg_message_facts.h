#pragma once

#include <optional>
#include <pqxx/result>
#include <pqxx/transaction>
#include <unordered_map>
#include <vector>

#include "services/dispatch/storage/message_state.h"

// For use inside a transaction's body: these throw what libpqxx throws.
namespace lmsmail::dispatch {

// The columns of `result` in the order that ReadOutcome expects, of the alias `r`.
inline constexpr char kOutcomeColumns[] =
    "r.msg_id, r.delivery_count, r.attempt, r.kind, r.reason, r.record_time, r.retry_time, "
    "r.transport, r.reply_code, "
    "r.enhanced_code, r.reply_text, r.content_hash";
inline constexpr int kOutcomeColumnCount = 12;

// From column `first` on; nullopt when they are NULL.
std::optional<RecordedOutcome> ReadOutcome(const pqxx::row& row, int first);

// Of each of `ids`, whether it exists or not.
std::unordered_map<MessageId, MessageFacts> LoadFacts(pqxx::work& tx,
                                                      const std::vector<MessageId>& ids);

}  // namespace lmsmail::dispatch
