#include "libs/smtp/session.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include "libs/smtp/outcome.h"

namespace lmsmail::smtp {
namespace {

// How often one mail may be retried because its connection turned out to be dead.
constexpr int kMaxStaleConnections = 3;
// Nothing depends on the reply to QUIT.
constexpr absl::Duration kQuitTimeout = absl::Seconds(2);

absl::Status NoLongerAllowed() {
  return absl::CancelledError("the sender's claim on the mail has expired");
}

// After more replies than commands, no reply can be matched to its mail.
absl::Status UnrequestedReply() {
  return absl::InternalError("the server sent a reply without a command");
}

}  // namespace

Session::Session(boost::asio::io_context& io, DeadlineTimer& deadline_timer, const Options& options,
                 boost::asio::ssl::context* tls, SessionOwner& owner)
    : io_(io), options_(options), tls_(tls), owner_(owner), connection_(io, deadline_timer) {}

void Session::Start() {
  boost::asio::co_spawn(
      io_, [self = shared_from_this()] { return self->Run(); }, boost::asio::detached);
}

Awaitable<void> Session::Run() {
  const auto keep_alive = shared_from_this();
  absl::StatusOr<HandshakeResult> handshake =
      co_await PerformHandshake(connection_, options_, tls_);
  absl::Status status = handshake.status();
  if (handshake.ok()) {
    capabilities_ = std::move(handshake->capabilities);
    owner_.OnReady();
    status = co_await Serve();
  }
  connection_.Close();
  owner_.OnClosed(*this, handshake.ok(), status);
}

Awaitable<absl::Status> Session::Serve() {
  while (taken_ < options_.max_messages_per_connection) {
    envelope_mail_ = NextTransaction();
    if (envelope_mail_ != nullptr) {
      absl::Status status = co_await SendMails();
      if (!status.ok()) co_return FailAll(status);
      continue;
    }
    const SessionOwner::Idle idle = owner_.OnIdle(*this);
    if (idle == SessionOwner::Idle::kContinue) continue;
    if (idle == SessionOwner::Idle::kQuit) break;
    has_idled_ = true;
    const Connection::IdleResult end = co_await connection_.Idle(options_.idle_timeout);
    owner_.OnNoLongerIdle(*this);
    if (end == Connection::IdleResult::kClosed) co_return absl::OkStatus();
    if (end == Connection::IdleResult::kTimedOut) break;
  }
  co_await Quit();
  co_return absl::OkStatus();
}

Awaitable<void> Session::Quit() {
  const absl::Status ignored =
      co_await SendCommand(connection_, "QUIT", Command::kQuit, kQuitTimeout);
}

std::unique_ptr<Transaction> Session::NextTransaction() {
  while (taken_ < options_.max_messages_per_connection) {
    std::unique_ptr<Transaction> next = owner_.Dequeue();
    if (next == nullptr) return nullptr;
    if (!next->MaySend()) {
      owner_.Finish(std::move(next), Interrupted(Phase::kNotStarted, NoLongerAllowed()));
      continue;
    }
    if (std::optional<Result> rejection = next->RejectionBy(capabilities_)) {
      owner_.Finish(std::move(next), *std::move(rejection));
      continue;
    }
    ++taken_;
    return next;
  }
  return nullptr;
}

void Session::SetPhase(Transaction& transaction, Phase phase) {
  transaction.phase = phase;
  owner_.ObservePhase(transaction);
}

void Session::FinishEnvelopeMail(Result result) {
  SetPhase(*envelope_mail_, result.phase);
  owner_.Finish(std::move(envelope_mail_), std::move(result));
}

Awaitable<absl::Status> Session::SendMails() {
  while (envelope_mail_ != nullptr) {
    absl::Status status = co_await SendEnvelope();
    if (!status.ok()) co_return status;

    const bool rejected = rejection_.has_value();
    if (rejected) {
      FinishEnvelopeMail(*std::exchange(rejection_, std::nullopt));
      reset_needed_ = !go_ahead_;
    }
    if (go_ahead_) {
      // After 354 only closing the connection keeps the server from accepting the mail.
      if (!rejected && !envelope_mail_->MaySend()) co_return NoLongerAllowed();
      // An empty message ends a 354 to a mail without recipients (RFC 2920 section 3.1).
      empty_message_sent_ = rejected;
      data_mail_ = std::move(envelope_mail_);
      status = co_await SendMessage();
      if (!status.ok()) co_return status;
      status = co_await ReadFinalReply();
      if (!status.ok()) co_return status;
    }
    if (envelope_mail_ == nullptr) envelope_mail_ = NextTransaction();
  }
  co_return absl::OkStatus();
}

void Session::BeginEnvelope() {
  rejection_.reset();
  mail_replied_ = false;
  rcpt_accepted_ = false;
  go_ahead_ = false;
  reset_pending_ = std::exchange(reset_needed_, false);
  SetPhase(*envelope_mail_, Phase::kEnvelope);
}

void Session::AppendEnvelopeGroup() {
  BeginEnvelope();
  if (reset_pending_) commands_.append("RSET\r\n");
  envelope_mail_->AppendMail(capabilities_, commands_);
  envelope_mail_->AppendRcpt(commands_);
  commands_.append("DATA\r\n");
}

Awaitable<absl::Status> Session::SendEnvelope() {
  const bool already_sent = std::exchange(envelope_sent_, false);
  if (!already_sent && connection_.has_unread_input()) co_return UnrequestedReply();
  if (!capabilities_.pipelining) co_return co_await SendEnvelopeStepwise();
  if (!already_sent) {
    commands_.clear();
    AppendEnvelopeGroup();
    const std::array<std::string_view, 1> pieces = {commands_};
    const Connection::Written written =
        co_await connection_.Write(pieces, options_.timeouts.envelope);
    if (!written.status.ok()) {
      // The server may have sent a reply before it closed the connection.
      if (connection_.ReadLateReply() && connection_.reply().rejection()) {
        co_return ReplyError(Command::kMail, connection_.reply());
      }
      co_return written.status;
    }
  }
  co_return co_await ReadEnvelopeReplies();
}

Awaitable<absl::Status> Session::ReadEnvelopeReplies() {
  const Timeouts& timeouts = options_.timeouts;
  absl::Status status;
  if (reset_pending_) {
    status = co_await connection_.ReadReply(Command::kRset, timeouts.envelope);
    if (status.ok()) status = HandleResetReply();
    if (!status.ok()) co_return status;
  }
  status = co_await connection_.ReadReply(Command::kMail, timeouts.envelope);
  if (status.ok()) status = HandleEnvelopeReply(Command::kMail);
  if (!status.ok()) co_return status;
  status = co_await connection_.ReadReply(Command::kRcpt, timeouts.envelope);
  if (status.ok()) status = HandleEnvelopeReply(Command::kRcpt);
  if (!status.ok()) co_return status;
  status = co_await connection_.ReadReply(Command::kData, timeouts.data);
  if (status.ok()) status = HandleDataReply();
  co_return status;
}

Awaitable<absl::Status> Session::SendEnvelopeStepwise() {
  const Timeouts& timeouts = options_.timeouts;
  BeginEnvelope();
  absl::Status status;
  if (reset_pending_) {
    status = co_await SendCommand(connection_, "RSET", Command::kRset, timeouts.envelope);
    if (status.ok()) status = HandleResetReply();
    if (!status.ok()) co_return status;
  }
  const auto without_crlf = [](std::string& line) { line.resize(line.size() - 2); };
  commands_.clear();
  envelope_mail_->AppendMail(capabilities_, commands_);
  without_crlf(commands_);
  status = co_await SendCommand(connection_, commands_, Command::kMail, timeouts.envelope);
  if (status.ok()) status = HandleEnvelopeReply(Command::kMail);
  if (!status.ok() || rejection_.has_value()) co_return status;

  commands_.clear();
  envelope_mail_->AppendRcpt(commands_);
  without_crlf(commands_);
  status = co_await SendCommand(connection_, commands_, Command::kRcpt, timeouts.envelope);
  if (status.ok()) status = HandleEnvelopeReply(Command::kRcpt);
  if (!status.ok() || rejection_.has_value()) co_return status;

  status = co_await SendCommand(connection_, "DATA", Command::kData, timeouts.data);
  if (status.ok()) status = HandleDataReply();
  co_return status;
}

absl::Status Session::HandleResetReply() {
  const Reply& reply = connection_.reply();
  return reply.positive() ? absl::OkStatus() : ReplyError(Command::kRset, reply);
}

absl::Status Session::HandleEnvelopeReply(Command command) {
  const Reply& reply = connection_.reply();
  if (reply.closing()) return ReplyError(command, reply);
  if (command == Command::kMail) mail_replied_ = true;
  if (reply.rejection()) {
    if (!rejection_.has_value()) rejection_ = Rejected(command, reply);
    return absl::OkStatus();
  }
  if (!reply.positive()) return UnexpectedReply(command, reply);
  if (command == Command::kRcpt) rcpt_accepted_ = true;
  return absl::OkStatus();
}

absl::Status Session::HandleDataReply() {
  const Reply& reply = connection_.reply();
  if (reply.closing()) return ReplyError(Command::kData, reply);
  if (reply.rejection()) {
    if (!rejection_.has_value()) rejection_ = Rejected(Command::kData, reply);
    return absl::OkStatus();
  }
  // After a rejected sender and an accepted recipient even an empty message could be delivered.
  const bool contradiction = rejection_.has_value() && rcpt_accepted_;
  if (reply.code != 354 || contradiction) return UnexpectedReply(Command::kData, reply);
  if (connection_.has_unread_input()) return UnrequestedReply();
  go_ahead_ = true;
  return absl::OkStatus();
}

Awaitable<absl::Status> Session::SendMessage() {
  pieces_.clear();
  if (data_mail_ != nullptr) {
    data_mail_->AppendMessage(pieces_);
    SetPhase(*data_mail_, Phase::kDotSent);
  } else {
    pieces_.emplace_back(".\r\n");
  }
  size_t up_to_dot = 0;
  for (const std::string_view piece : pieces_) up_to_dot += piece.size();

  if (capabilities_.pipelining) {
    envelope_mail_ = NextTransaction();
    if (envelope_mail_ != nullptr) {
      commands_.clear();
      AppendEnvelopeGroup();
      pieces_.push_back(commands_);
      envelope_sent_ = true;
    }
  }
  const Connection::Written written =
      co_await connection_.Write(pieces_, options_.timeouts.data_block);
  if (written.status.ok()) co_return absl::OkStatus();

  if (data_mail_ != nullptr && written.bytes < up_to_dot) {
    data_mail_->phase = Phase::kData;
    // A server that rejects a message half-way replies and closes the connection.
    if (connection_.ReadLateReply() && connection_.reply().rejection() &&
        !connection_.reply().closing()) {
      SetPhase(*data_mail_, Phase::kReplied);
      owner_.Finish(std::move(data_mail_), Rejected(Command::kMessage, connection_.reply()));
    }
  }
  co_return written.status;
}

Awaitable<absl::Status> Session::ReadFinalReply() {
  absl::Status status =
      co_await connection_.ReadReply(Command::kMessage, options_.timeouts.final_dot);
  if (!status.ok()) co_return status;
  const Reply& reply = connection_.reply();
  if (!reply.positive() && !reply.rejection()) co_return UnexpectedReply(Command::kMessage, reply);
  if (!std::exchange(empty_message_sent_, false)) {
    SetPhase(*data_mail_, Phase::kReplied);
    owner_.Finish(std::move(data_mail_),
                  reply.positive() ? Accepted(reply) : Rejected(Command::kMessage, reply));
  }
  if (reply.closing()) co_return ReplyError(Command::kMessage, reply);
  co_return absl::OkStatus();
}

absl::Status Session::FailAll(const absl::Status& error) {
  const bool in_data = data_mail_ != nullptr;
  if (in_data) {
    const Phase phase = data_mail_->phase;
    owner_.Finish(std::move(data_mail_), Interrupted(phase, error));
  }
  const bool requeued = envelope_mail_ != nullptr && FailOrRequeue(error);
  return requeued && !in_data ? absl::OkStatus() : error;
}

bool Session::FailOrRequeue(const absl::Status& error) {
  if (rejection_.has_value()) {  // the server had decided before the connection failed
    FinishEnvelopeMail(*std::exchange(rejection_, std::nullopt));
  } else if (MayRetry(error)) {
    ++envelope_mail_->stale_connections;
    SetPhase(*envelope_mail_, Phase::kNotStarted);
    owner_.Requeue(std::move(envelope_mail_));
    return true;
  } else {
    const Phase phase = envelope_mail_->phase;
    owner_.Finish(std::move(envelope_mail_), Interrupted(phase, error));
  }
  return false;
}

// True when the server had closed a kept connection before it could react to the mail.
bool Session::MayRetry(const absl::Status& error) const {
  const bool kept = taken_ > 1 || has_idled_;
  return kept && !mail_replied_ && error.code() == absl::StatusCode::kUnavailable &&
         envelope_mail_->stale_connections < kMaxStaleConnections;
}

}  // namespace lmsmail::smtp
