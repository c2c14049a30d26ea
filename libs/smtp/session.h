#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

#include "libs/smtp/connection.h"
#include "libs/smtp/handshake.h"
#include "libs/smtp/options.h"
#include "libs/smtp/transaction.h"

namespace lmsmail::smtp {

class Session;

// Where sessions get their mails and report to. Called on the io thread.
class SessionOwner {
 public:
  virtual ~SessionOwner() = default;
  virtual std::unique_ptr<Transaction> Dequeue() = 0;
  // To the front of the queue: the server never saw it.
  virtual void Requeue(std::unique_ptr<Transaction> transaction) = 0;
  virtual void Finish(std::unique_ptr<Transaction> transaction, Result result) = 0;
  virtual void ObservePhase(const Transaction& transaction) = 0;

  virtual void OnReady() = 0;
  // False when there is a mail after all, or when the session should end.
  enum class Idle { kWait, kContinue, kQuit };
  virtual Idle OnIdle(Session& session) = 0;
  virtual void OnNoLongerIdle(Session& session) = 0;
  // The session's last call. `ready` tells whether OnReady came before.
  virtual void OnClosed(Session& session, bool ready, const absl::Status& why) = 0;
};

// One connection's life: opens it, sends mails while there are any, waits for more, says QUIT.
//
// With PIPELINING a mail's message and the next mail's envelope leave together, so at most two
// mails are under way: `data_mail_`, whose final dot is out, and `envelope_mail_`, whose envelope
// is.
class Session : public std::enable_shared_from_this<Session> {
 public:
  // The references and `tls` (null without TLS) must outlive it.
  Session(boost::asio::io_context& io, DeadlineTimer& deadline_timer, const Options& options,
          boost::asio::ssl::context* tls, SessionOwner& owner);

  void Start();
  // Ends an idle wait.
  void Wake() { connection_.Wake(); }

 private:
  Awaitable<void> Run();
  Awaitable<absl::Status> Serve();
  Awaitable<void> Quit();

  // Sends envelope_mail_ and all that follow it until there are no more or the connection fails.
  Awaitable<absl::Status> SendMails();
  // Up to the reply to DATA, by the group or step by step. Fills in rejection_ and go_ahead_.
  Awaitable<absl::Status> SendEnvelope();
  Awaitable<absl::Status> ReadEnvelopeReplies();
  Awaitable<absl::Status> SendEnvelopeStepwise();
  Awaitable<absl::Status> SendMessage();
  Awaitable<absl::Status> ReadFinalReply();

  // The next mail that this server can take, or none.
  std::unique_ptr<Transaction> NextTransaction();
  void BeginEnvelope();
  void AppendEnvelopeGroup();
  // Judges the reply just read to a command of envelope_mail_'s envelope.
  absl::Status HandleResetReply();
  absl::Status HandleEnvelopeReply(std::string_view command);
  absl::Status HandleDataReply();
  void FinishEnvelopeMail(Result result);
  void SetPhase(Transaction& transaction, Phase phase);

  // Settles whatever was under way when the connection failed with `error`.
  void FailAll(const absl::Status& error);
  void FailOrRequeue(const absl::Status& error);
  bool MayRetry(const absl::Status& error) const;

  boost::asio::io_context& io_;
  const Options& options_;
  boost::asio::ssl::context* const tls_;
  SessionOwner& owner_;
  Connection connection_;
  Capabilities capabilities_;
  size_t taken_ = 0;
  bool has_idled_ = false;

  std::unique_ptr<Transaction> data_mail_;
  std::unique_ptr<Transaction> envelope_mail_;
  std::optional<Result> rejection_;  // of envelope_mail_, by the first command that was refused
  bool mail_answered_ = false;       // the server has answered envelope_mail_'s MAIL
  bool rcpt_accepted_ = false;
  bool go_ahead_ = false;            // 354
  bool reset_needed_ = false;        // the server still holds a refused envelope
  bool reset_pending_ = false;       // RSET leads envelope_mail_'s group
  bool envelope_sent_ = false;       // envelope_mail_'s group left with the message before it
  bool empty_message_sent_ = false;  // an empty message ends a transaction without recipient

  std::string commands_;                  // what is written, kept for its memory
  std::vector<std::string_view> pieces_;  // of commands_ and of the message
};

}  // namespace lmsmail::smtp
