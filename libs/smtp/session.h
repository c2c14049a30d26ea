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

#include "libs/smtp/command.h"
#include "libs/smtp/connection.h"
#include "libs/smtp/handshake.h"
#include "libs/smtp/options.h"
#include "libs/smtp/transaction.h"

namespace lmsmail::smtp {

class Session;

// Gives sessions their mails and receives their results. Called on the io thread.
class SessionOwner {
 public:
  virtual ~SessionOwner() = default;
  virtual std::unique_ptr<Transaction> Dequeue() = 0;
  // Puts it at the front of the queue. The server never saw it.
  virtual void Requeue(std::unique_ptr<Transaction> transaction) = 0;
  virtual void Finish(std::unique_ptr<Transaction> transaction, Result result) = 0;
  virtual void ObservePhase(const Transaction& transaction) = 0;

  virtual void OnReady() = 0;
  // What a session does that found no mail: it waits, it tries again, or it quits.
  enum class Idle { kWait, kContinue, kQuit };
  virtual Idle OnIdle(Session& session) = 0;
  virtual void OnNoLongerIdle(Session& session) = 0;
  // The session's last call. `ready`: OnReady was called. `why`: OK also for a kept connection that
  // the server had closed, when its mail could be requeued.
  virtual void OnClosed(Session& session, bool ready, const absl::Status& why) = 0;
};

// One connection: opens it, sends mails while there are any, waits for more, quits.
//
// With PIPELINING a mail's message and the next mail's envelope are sent together, so at most two
// mails are in progress: `data_mail_` in its DATA phase and `envelope_mail_` before it.
class Session : public std::enable_shared_from_this<Session> {
 public:
  // The references and `tls` (null without TLS) must outlive the session.
  Session(boost::asio::io_context& io, DeadlineTimer& deadline_timer, const Options& options,
          boost::asio::ssl::context* tls, SessionOwner& owner);

  void Start();
  // Ends the wait for mails.
  void Wake() { connection_.Wake(); }

 private:
  Awaitable<void> Run();
  Awaitable<absl::Status> Serve();
  Awaitable<void> Quit();

  // Sends envelope_mail_ and the mails after it until there are none or the connection fails.
  Awaitable<absl::Status> SendMails();
  // Up to the reply to DATA, pipelined or step by step. Sets rejection_ and go_ahead_.
  Awaitable<absl::Status> SendEnvelope();
  Awaitable<absl::Status> ReadEnvelopeReplies();
  Awaitable<absl::Status> SendEnvelopeStepwise();
  Awaitable<absl::Status> SendMessage();
  Awaitable<absl::Status> ReadFinalReply();

  // The next mail that this server can accept, or null.
  std::unique_ptr<Transaction> NextTransaction();
  void BeginEnvelope();
  void AppendEnvelopeGroup();
  // Handle the reply just read to a command of envelope_mail_.
  absl::Status HandleResetReply();
  absl::Status HandleEnvelopeReply(Command command);
  absl::Status HandleDataReply();
  void FinishEnvelopeMail(Result result);
  void SetPhase(Transaction& transaction, Phase phase);

  // Ends the mails in progress when the connection failed with `error`.
  // Returns OK when nothing but a requeued mail was in progress.
  absl::Status FailAll(const absl::Status& error);
  // Returns whether it was requeued.
  bool FailOrRequeue(const absl::Status& error);
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
  std::optional<Result> rejection_;  // of envelope_mail_, from the first command that was rejected
  bool mail_replied_ = false;        // the server has replied to envelope_mail_'s MAIL
  bool rcpt_accepted_ = false;
  bool go_ahead_ = false;            // 354
  bool reset_needed_ = false;        // the server still holds a rejected envelope
  bool reset_pending_ = false;       // RSET is the first command of envelope_mail_'s group
  bool envelope_sent_ = false;       // envelope_mail_'s group was sent with the previous message
  bool empty_message_sent_ = false;  // to end a DATA phase without recipients

  std::string commands_;                  // to be sent; kept to reuse its memory
  std::vector<std::string_view> pieces_;  // of commands_ and of the message
};

}  // namespace lmsmail::smtp
