#pragma once

#include <cstddef>

#include "libs/clock/clock.h"
#include "services/dispatch/claiming/cancellation_watch.h"
#include "services/dispatch/claiming/dispatch_metrics.h"
#include "services/dispatch/claiming/in_flight_budget.h"
#include "services/dispatch/claiming/intent_journal.h"
#include "services/dispatch/claiming/open_claims.h"
#include "services/dispatch/delivery/bounce_reporter.h"
#include "services/dispatch/delivery/delivery_policy.h"
#include "services/dispatch/limits/rate_limits.h"
#include "services/dispatch/message/recipient_check.h"
#include "services/dispatch/rendering/address_hashes.h"
#include "services/dispatch/rendering/composer.h"
#include "services/dispatch/rendering/message_id_header.h"
#include "services/dispatch/rendering/template_source.h"
#include "services/dispatch/storage/connection_shares.h"
#include "services/dispatch/storage/limit_store.h"
#include "services/dispatch/storage/queue_store.h"
#include "services/dispatch/transports/routing.h"
#include "services/dispatch/transports/transports.h"

namespace lmsmail::dispatch {

// What delivery uses of the rest of the process. All must outlive the worker.
struct DeliveryDependencies {
  const Clock& clock;
  QueueStore& queue;
  LimitStore& limits;
  ConnectionShares& connections;
  RecipientCheck& recipients;
  TemplateSource& templates;
  Transports& transports;
  BounceReporter& bounces;
  IntentJournal& journal;
  const SiteIdentity& site;
  const MessageIdHeader& message_ids;
  const AddressHashes& address_hashes;
  const MailTracking* tracking = nullptr;  // null where nothing is measured
  DispatchMetrics& metrics;
};

// What the senders of one worker share. All must outlive the senders.
struct SenderContext {
  const DeliveryDependencies& dependencies;
  OpenClaims& claims;
  CancellationWatch& cancellations;
  InFlightBudget& budget;
  RateLimits& limits;
  DeliveryPolicy policy;
  Routing routing = {};
  std::size_t max_message_bytes = 1 << 20;
};

}  // namespace lmsmail::dispatch
