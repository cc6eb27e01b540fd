/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.matcher;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import javax.mail.MessagingException;
import org.apache.james.core.Domain;
import org.apache.james.core.MailAddress;
import org.apache.mailet.Mail;
import org.apache.mailet.base.GenericMatcher;
import org.rempart.message.MailOrigin;
import org.rempart.policy.DomainPattern;
import org.rempart.policy.PolicyException;

/**
 * Matches mail that one of these accounts submitted, by the account it proved and not by what the message says:
 *
 * <pre>{@code
 * <mailet match="org.rempart.matcher.SubmittedBy=alice@example.com, *.example.com" class="…">
 * }</pre>
 *
 * The condition is a list of accounts, domains ({@code example.com}) and domains with all below them
 * ({@code *.example.com}). Without a condition every account matches.
 */
public final class SubmittedBy extends GenericMatcher {
    private final List<String> accounts = new ArrayList<>();
    private final List<DomainPattern> domains = new ArrayList<>();
    private boolean anybody;

    @Override
    public void init() throws MessagingException {
        anybody = Conditions.isAbsent(getCondition());
        if (anybody) {
            return;
        }
        for (String part : Conditions.list(getCondition())) {
            int at = part.lastIndexOf('@');
            if (at > 0 && at < part.length() - 1) {
                accounts.add(part.toLowerCase(Locale.ROOT));
            } else {
                domains.add(domain(part));
            }
        }
    }

    private DomainPattern domain(String text) throws MessagingException {
        try {
            return DomainPattern.parse(text);
        } catch (PolicyException fault) {
            throw new MessagingException(
                    "SubmittedBy=" + getCondition() + ": " + fault.getMessage()
                            + ", or alice@example.com for an account",
                    fault);
        }
    }

    @Override
    public Collection<MailAddress> match(Mail mail) {
        return MailOrigin.account(mail).filter(this::isNamed).isPresent() ? mail.getRecipients() : List.of();
    }

    private boolean isNamed(String account) {
        if (anybody || accounts.contains(account)) {
            return true;
        }
        int at = account.lastIndexOf('@');
        if (at < 0 || at == account.length() - 1 || domains.isEmpty()) {
            return false;
        }
        Domain domain = Domain.of(account.substring(at + 1));
        return domains.stream().anyMatch(pattern -> pattern.matches(domain));
    }

    @Override
    public String getMatcherInfo() {
        return "Matches mail by the account that submitted it";
    }
}
