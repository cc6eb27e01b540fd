/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.admin;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.inject.Inject;
import org.apache.james.core.Username;
import org.apache.james.user.api.UsersRepository;
import org.apache.james.user.api.UsersRepositoryException;
import org.apache.james.webadmin.Routes;
import org.apache.james.webadmin.utils.ErrorResponder;
import org.apache.james.webadmin.utils.ErrorResponder.ErrorType;
import org.apache.james.webadmin.utils.JsonTransformer;
import org.eclipse.jetty.http.HttpStatus;
import org.rempart.distribution.queue.MailAdministration;
import org.rempart.distribution.queue.MailAdministration.Filter;
import org.rempart.distribution.queue.MailAdministration.Kind;
import org.rempart.distribution.queue.MailStoreException;
import org.rempart.policy.ledger.Hold;
import org.rempart.policy.ledger.LedgerAwayException;
import org.rempart.policy.ledger.LoginFailureLedger;
import org.rempart.policy.ledger.SubmissionLedger;
import org.rempart.policy.ledger.UnusualUseLedger;
import org.rempart.policy.ledger.Usage;
import org.rempart.policy.trail.AuditEvent;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.HaltException;
import spark.Request;
import spark.Response;
import spark.Route;
import spark.Service;

/**
 * What accounts have submitted of late, and whether they may, for the administration interface.
 *
 * <ul>
 *   <li>{@code GET /rempart/accounts} lists those that are held, or have something in a window of a limit
 *   <li>{@code GET /rempart/accounts/ACCOUNT} shows one
 *   <li>{@code POST /rempart/accounts/ACCOUNT/hold} holds one that is there, with a {@code reason}
 *   <li>{@code POST /rempart/accounts/ACCOUNT/release} releases one; with {@code mail=send} its mail that waits in queues,
 *       or is kept in the repository {@value #KEPT}, goes on, with {@code mail=delete} it is deleted. Where mail waits, one
 *       of them has to be given
 * </ul>
 */
public final class AccountRoutes implements Routes {
    private static final Logger LOGGER = LoggerFactory.getLogger(AccountRoutes.class);
    private static final String PATH = "/rempart/accounts";

    /** Where conf/mailetcontainer.xml keeps what held accounts send. */
    private static final String KEPT = "var/mail/held";

    private final UsersRepository users;
    private final SubmissionLedger ledger;
    private final UnusualUseLedger signs;
    private final LoginFailureLedger logins;
    private final MailAdministration mails;
    private final JsonTransformer json;

    private interface Answer {
        Object get() throws MailStoreException;
    }

    @Inject
    public AccountRoutes(
            UsersRepository users,
            SubmissionLedger ledger,
            UnusualUseLedger signs,
            LoginFailureLedger logins,
            MailAdministration mails,
            JsonTransformer json) {
        this.users = users;
        this.ledger = ledger;
        this.signs = signs;
        this.logins = logins;
        this.mails = mails;
        this.json = json;
    }

    @Override
    public String getBasePath() {
        return PATH;
    }

    @Override
    public void define(Service service) {
        service.get(PATH, ledgers(this::list), json);
        service.get(PATH + "/:account", ledgers(this::show), json);
        service.post(PATH + "/:account/hold", ledgers(this::hold), json);
        service.post(PATH + "/:account/release", ledgers(this::release), json);
    }

    /** Says so while the store that a cluster shares is away. */
    private static Route ledgers(Route route) {
        return (request, response) -> {
            try {
                return route.handle(request, response);
            } catch (LedgerAwayException away) {
                throw refused(HttpStatus.SERVICE_UNAVAILABLE_503, away.getMessage());
            }
        };
    }

    private Object list(Request request, Response response) {
        Query.of(request);
        return ledger.usages().stream().map(AccountRoutes::fields).toList();
    }

    private Object show(Request request, Response response) {
        Query.of(request);
        Username account = account(request);
        return answer(() -> {
            Map<String, Object> fields = fields(ledger.usage(account));
            fields.put("waitingMail", mails.count(waiting(account)));
            fields.put("keptMail", mails.count(kept(account)));
            return fields;
        });
    }

    private static Map<String, Object> fields(Usage usage) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("account", usage.account().asString());
        fields.put("held", usage.hold().isPresent());
        fields.put("since", usage.hold().map(hold -> hold.since().toString()).orElse(null));
        fields.put("reason", usage.hold().map(Hold::reason).orElse(null));
        fields.put("messages", counts(usage.messages()));
        fields.put("recipients", counts(usage.recipients()));
        return fields;
    }

    private static Map<String, Long> counts(Map<Duration, Long> windows) {
        Map<String, Long> counts = new LinkedHashMap<>();
        windows.forEach((length, count) -> counts.put(length.toString(), count));
        return counts;
    }

    private Object hold(Request request, Response response) {
        Username account = account(request);
        String reason = Query.of(request, "reason")
                .text("reason")
                .map(given -> "administrator: " + given.strip())
                .orElse("administrator");
        if (!isThere(account)) {
            throw refused(HttpStatus.NOT_FOUND_404, "there is no account " + account.asString());
        }
        boolean isNew = ledger.hold(Hold.of(account, Instant.now(), reason, 0, 0));
        if (isNew) {
            LOGGER.warn("{} is held by an administrator", account.asString());
            AuditEvent.now("held")
                    .with("account", account.asString())
                    .with("reason", reason)
                    .log();
        }
        return Map.of("changed", isNew);
    }

    private Object release(Request request, Response response) {
        Username account = account(request);
        String what = Query.of(request, "mail").text("mail").orElse(null);
        if (what != null && !what.equals("send") && !what.equals("delete")) {
            throw refused(HttpStatus.BAD_REQUEST_400, "mail=" + what + " is unknown; write mail=send or mail=delete");
        }
        if (ledger.held(account).isEmpty()) {
            throw refused(HttpStatus.NOT_FOUND_404, account.asString() + " is not held");
        }
        return answer(() -> {
            long waiting = mails.count(waiting(account)) + mails.count(kept(account));
            if (what == null && waiting > 0) {
                throw refused(
                        HttpStatus.CONFLICT_409,
                        waiting + " mails of " + account.asString()
                                + " wait for delivery; write mail=send or mail=delete");
            }
            // First its mail: a queue hands out again what is not deleted when the account is released.
            long deleted = "delete".equals(what) ? mails.delete(waiting(account)) + mails.delete(kept(account)) : 0;
            boolean changed = ledger.release(account);
            signs.forget(account);
            logins.forget(account.asString());
            long sent = "send".equals(what) ? mails.release(waiting(account)) + mails.process(kept(account)) : 0;
            LOGGER.info("{} is released; {} mails go on, {} are deleted", account.asString(), sent, deleted);
            AuditEvent.now("released")
                    .with("account", account.asString())
                    .with("mailsSent", sent)
                    .with("mailsDeleted", deleted)
                    .log();
            return Map.of("changed", changed, "mailsSent", sent, "mailsDeleted", deleted);
        });
    }

    private static Filter waiting(Username account) {
        return Filter.ALL.withKind(Kind.QUEUE).withAccount(account.asString());
    }

    private static Filter kept(Username account) {
        return Filter.ALL.withKind(Kind.REPOSITORY).withName(KEPT).withAccount(account.asString());
    }

    private static Username account(Request request) {
        try {
            return Username.of(request.params(":account"));
        } catch (IllegalArgumentException odd) {
            throw refused(HttpStatus.BAD_REQUEST_400, "that is no account: " + odd.getMessage());
        }
    }

    private boolean isThere(Username account) {
        try {
            return users.contains(account);
        } catch (UsersRepositoryException unknown) {
            LOGGER.error("Whether {} is an account can't be told", account.asString(), unknown);
            throw refused(
                    HttpStatus.INTERNAL_SERVER_ERROR_500,
                    "whether " + account.asString() + " is an account can't be told: " + unknown.getMessage());
        }
    }

    private static Object answer(Answer answer) {
        try {
            return answer.get();
        } catch (MailStoreException failure) {
            LOGGER.error("An account could not be administered", failure);
            throw refused(HttpStatus.INTERNAL_SERVER_ERROR_500, failure.getMessage());
        }
    }

    private static HaltException refused(int status, String message) {
        ErrorType type =
                switch (status) {
                    case HttpStatus.NOT_FOUND_404 -> ErrorType.NOT_FOUND;
                    case HttpStatus.BAD_REQUEST_400 -> ErrorType.INVALID_ARGUMENT;
                    case HttpStatus.CONFLICT_409 -> ErrorType.WRONG_STATE;
                    default -> ErrorType.SERVER_ERROR;
                };
        return ErrorResponder.builder()
                .statusCode(status)
                .type(type)
                .message("%s", message)
                .haltError();
    }
}
