/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.directory;

import com.unboundid.asn1.ASN1OctetString;
import com.unboundid.ldap.sdk.BindResult;
import com.unboundid.ldap.sdk.Filter;
import com.unboundid.ldap.sdk.GetEntryLDAPConnectionPoolHealthCheck;
import com.unboundid.ldap.sdk.LDAPConnection;
import com.unboundid.ldap.sdk.LDAPConnectionPool;
import com.unboundid.ldap.sdk.LDAPException;
import com.unboundid.ldap.sdk.ResultCode;
import com.unboundid.ldap.sdk.SearchRequest;
import com.unboundid.ldap.sdk.SearchResult;
import com.unboundid.ldap.sdk.SearchResultEntry;
import com.unboundid.ldap.sdk.SearchScope;
import com.unboundid.ldap.sdk.SimpleBindRequest;
import com.unboundid.ldap.sdk.controls.PasswordExpiredControl;
import com.unboundid.ldap.sdk.controls.SimplePagedResultsControl;
import com.unboundid.ldap.sdk.experimental.DraftBeheraLDAPPasswordPolicy10ErrorType;
import com.unboundid.ldap.sdk.experimental.DraftBeheraLDAPPasswordPolicy10RequestControl;
import com.unboundid.ldap.sdk.experimental.DraftBeheraLDAPPasswordPolicy10ResponseControl;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.ToIntFunction;
import javax.net.ssl.SSLSocketFactory;
import org.apache.james.core.Username;
import org.rempart.distribution.directory.DirectorySettings.Server;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directory, as the settings say. Every question has its time, and a connection too; a directory that fails again and
 * again is left alone for some seconds, in which every question fails at once.
 */
final class Directory implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(Directory.class);

    private static final int FAILURES = 3;
    private static final Duration PAUSE = Duration.ofSeconds(5);
    private static final long HEALTH_CHECKS = Duration.ofMinutes(1).toMillis();
    private static final int PAGE = 500;

    /** More entries than this don't fit one name by mistake. */
    private static final int MOST_MATCHES = 10;

    /** What Active Directory writes in front of an address in proxyAddresses. */
    private static final String PREFIX = "smtp:";

    private static final String UID = "uid";

    /** Answers to a bind that are about the one who logs in, not about the directory (RFC 4511, appendix A). */
    private static final Set<ResultCode> REFUSED = Set.of(
            ResultCode.INVALID_CREDENTIALS,
            ResultCode.NO_SUCH_OBJECT,
            ResultCode.INAPPROPRIATE_AUTHENTICATION,
            ResultCode.INSUFFICIENT_ACCESS_RIGHTS,
            ResultCode.UNWILLING_TO_PERFORM,
            ResultCode.CONSTRAINT_VIOLATION,
            ResultCode.INVALID_DN_SYNTAX);

    private static final Set<DraftBeheraLDAPPasswordPolicy10ErrorType> UNUSABLE = EnumSet.of(
            DraftBeheraLDAPPasswordPolicy10ErrorType.PASSWORD_EXPIRED,
            DraftBeheraLDAPPasswordPolicy10ErrorType.ACCOUNT_LOCKED,
            DraftBeheraLDAPPasswordPolicy10ErrorType.CHANGE_AFTER_RESET);

    private final DirectorySettings settings;
    private final LDAPConnectionPool questions;
    private final DirectoryServers logins;
    private final Semaphore loginsAtOnce;
    private final Breaker questionBreaker = new Breaker(FAILURES, PAUSE, System::nanoTime);
    private final Breaker loginBreaker = new Breaker(FAILURES, PAUSE, System::nanoTime);

    private Directory(DirectorySettings settings, SSLSocketFactory tls, List<Server> servers) throws LDAPException {
        this.settings = settings;
        this.logins = new DirectoryServers(settings, servers, tls, null);
        this.loginsAtOnce = new Semaphore(settings.connections(), true);
        SimpleBindRequest bind = new SimpleBindRequest(settings.bindDn(), settings.bindPassword());
        this.questions = new LDAPConnectionPool(
                new DirectoryServers(settings, servers, tls, bind),
                bind,
                0,
                settings.connections(),
                1,
                null,
                false,
                new GetEntryLDAPConnectionPoolHealthCheck(
                        "", settings.answerTimeout().toMillis(), false, false, false, false, true, true));
        questions.setConnectionPoolName("directory");
        questions.setCreateIfNecessary(false);
        questions.setMaxWaitTimeMillis(settings.answerTimeout().toMillis());
        questions.setRetryFailedOperationsDueToInvalidConnections(true);
        questions.setHealthCheckIntervalMillis(HEALTH_CHECKS);
    }

    /**
     * A directory, to which nothing is connected yet.
     *
     * @throws IOException when the trusted certificates can't be read
     */
    static Directory of(DirectorySettings settings) throws IOException {
        return of(settings, settings.servers());
    }

    /** The same, of these of its servers only. */
    static Directory of(DirectorySettings settings, List<Server> servers) throws IOException {
        try {
            return new Directory(settings, DirectoryTls.sockets(settings.trust(), settings.connectTimeout()), servers);
        } catch (LDAPException impossible) {
            throw new IOException(impossible);
        }
    }

    @Override
    public void close() {
        questions.close();
    }

    /**
     * The account that somebody logs in as.
     *
     * @param login what he gives as his name, in any case
     * @return empty when there is none
     * @throws DirectoryException when the directory can't be asked, or several accounts fit equally well
     */
    Optional<DirectoryEntry> byLogin(String login) throws DirectoryException {
        List<Filter> anyOf = new ArrayList<>();
        settings.login().forEach(attribute -> anyOf.add(Filter.createEqualityFilter(attribute, login)));
        String asked = login.toLowerCase(Locale.ROOT);
        return best(login, anyOf, entry -> entry.rankOfLogin(asked));
    }

    /**
     * The account that an address belongs to: the one whose own it is, else the one that has it as a further one.
     *
     * @param address in any case
     * @return empty when there is none
     * @throws DirectoryException when the directory can't be asked, or several accounts have it
     */
    Optional<DirectoryEntry> byAddress(String address) throws DirectoryException {
        List<Filter> anyOf = new ArrayList<>();
        anyOf.add(Filter.createEqualityFilter(settings.account(), address));
        for (String attribute : settings.aliases()) {
            anyOf.add(Filter.createEqualityFilter(attribute, address));
            anyOf.add(Filter.createEqualityFilter(attribute, PREFIX + address));
        }
        String asked = address.toLowerCase(Locale.ROOT);
        return best(address, anyOf, entry -> entry.rankOfAddress(asked));
    }

    /** The entry that fits best; the server's idea of what is equal is wider than that of mail addresses. */
    private Optional<DirectoryEntry> best(String asked, List<Filter> anyOf, ToIntFunction<DirectoryEntry> rank)
            throws DirectoryException {
        Filter filter = Filter.createANDFilter(settings.filter(), Filter.createORFilter(anyOf));
        List<DirectoryEntry> best = new ArrayList<>();
        for (SearchResultEntry found : search(request(filter, MOST_MATCHES)).getSearchEntries()) {
            Optional<DirectoryEntry> entry = entry(found);
            if (entry.isEmpty() || !DirectoryEntry.fits(rank.applyAsInt(entry.get())) || !isInAGroup(found)) {
                continue;
            }
            int before = best.isEmpty() ? Integer.MAX_VALUE : rank.applyAsInt(best.get(0));
            int now = rank.applyAsInt(entry.get());
            if (now < before) {
                best.clear();
            }
            if (now <= before) {
                best.add(entry.get());
            }
        }
        if (best.size() > 1) {
            DirectoryException ambiguous = new DirectoryException("\"" + asked + "\" is the name of several accounts: "
                    + best.get(0).dn() + " and " + best.get(1).dn());
            LOGGER.error("{}", ambiguous.getMessage());
            throw ambiguous;
        }
        return best.stream().findFirst();
    }

    private SearchRequest request(Filter filter, int most) {
        Set<String> attributes = new LinkedHashSet<>(settings.login());
        attributes.add(settings.account());
        attributes.addAll(settings.aliases());
        attributes.add(UID);
        SearchRequest request = new SearchRequest(
                settings.base().toString(), SearchScope.SUB, filter, attributes.toArray(String[]::new));
        request.setSizeLimit(most);
        request.setTimeLimitSeconds((int) settings.answerTimeout().toSeconds());
        return request;
    }

    private Optional<DirectoryEntry> entry(SearchResultEntry found) {
        String[] own = values(found, settings.account());
        // Several: which of them is the account's name would change from one answer to the next.
        if (own.length != 1) {
            if (own.length > 1) {
                LOGGER.error("{} has several {}; it can't be an account", found.getDN(), settings.account());
            }
            return Optional.empty();
        }
        Username name;
        try {
            name = Username.of(own[0].strip());
        } catch (IllegalArgumentException noName) {
            LOGGER.warn("{} of {} is no mail address", settings.account(), found.getDN());
            return Optional.empty();
        }
        List<Set<String>> logins = new ArrayList<>();
        settings.login().forEach(attribute -> logins.add(lowerCase(found, attribute)));
        Set<String> addresses = new HashSet<>();
        for (String attribute : settings.aliases()) {
            for (String value : lowerCase(found, attribute)) {
                addresses.add(value.startsWith(PREFIX) ? value.substring(PREFIX.length()) : value);
            }
        }
        return Optional.of(new DirectoryEntry(found.getDN(), name, List.copyOf(logins), Set.copyOf(addresses)));
    }

    private static String[] values(SearchResultEntry entry, String attribute) {
        String[] values = entry.getAttributeValues(attribute);
        return values == null ? new String[0] : values;
    }

    private static Set<String> lowerCase(SearchResultEntry entry, String attribute) {
        Set<String> values = new HashSet<>();
        for (String value : values(entry, attribute)) {
            values.add(value.strip().toLowerCase(Locale.ROOT));
        }
        return values;
    }

    /** Whether the account is a member of one of the groups, where there has to be one. */
    private boolean isInAGroup(SearchResultEntry account) throws DirectoryException {
        if (settings.groups().isEmpty()) {
            return true;
        }
        List<Filter> member = new ArrayList<>();
        member.add(Filter.createEqualityFilter("member", account.getDN()));
        member.add(Filter.createEqualityFilter("uniqueMember", account.getDN()));
        for (String uid : values(account, UID)) {
            member.add(Filter.createEqualityFilter("memberUid", uid));
        }
        for (com.unboundid.ldap.sdk.DN group : settings.groups()) {
            SearchRequest request = new SearchRequest(
                    group.toString(), SearchScope.BASE, Filter.createORFilter(member), SearchRequest.NO_ATTRIBUTES);
            request.setTimeLimitSeconds((int) settings.answerTimeout().toSeconds());
            if (search(request).getEntryCount() > 0) {
                return true;
            }
        }
        return false;
    }

    /** All accounts' names, in no order. */
    List<Username> names() throws DirectoryException {
        List<Username> names = new ArrayList<>();
        ASN1OctetString cookie = null;
        do {
            SearchRequest request = request(settings.filter(), 0);
            request.addControl(new SimplePagedResultsControl(PAGE, cookie));
            SearchResult page = search(request);
            for (SearchResultEntry found : page.getSearchEntries()) {
                Optional<DirectoryEntry> entry = entry(found);
                if (entry.isPresent() && isInAGroup(found)) {
                    names.add(entry.get().name());
                }
            }
            cookie = nextPage(page);
        } while (cookie != null);
        return names;
    }

    /** Null at the end, and where the server knows no pages. */
    private static ASN1OctetString nextPage(SearchResult page) throws DirectoryException {
        try {
            SimplePagedResultsControl control = SimplePagedResultsControl.get(page);
            return control == null || !control.moreResultsToReturn() ? null : control.getCookie();
        } catch (LDAPException unreadable) {
            throw new DirectoryException("the directory's answer can't be read", unreadable);
        }
    }

    private SearchResult search(SearchRequest request) throws DirectoryException {
        if (!questionBreaker.letsThrough()) {
            throw leftAlone();
        }
        boolean answered = false;
        try {
            SearchResult result = questions.search(request);
            answered = true;
            return result;
        } catch (LDAPException failure) {
            answered = isAnAnswer(failure);
            if (failure.getResultCode().equals(ResultCode.SIZE_LIMIT_EXCEEDED)) {
                throw new DirectoryException("more than " + request.getSizeLimit() + " entries fit "
                        + request.getFilter() + "; a name has to be one account's");
            }
            throw failed(failure);
        } finally {
            tell(questionBreaker, answered);
        }
    }

    /**
     * Whether the password is the account's, and may be used: not expired, not locked.
     *
     * @param password an empty one is wrong, though a bind with it would succeed (RFC 4513, section 5.1.2)
     * @throws DirectoryException when the directory does not say
     */
    boolean isRight(DirectoryEntry account, String password) throws DirectoryException {
        if (password.isEmpty()) {
            return false;
        }
        if (!loginBreaker.letsThrough()) {
            throw leftAlone();
        }
        boolean answered = false;
        boolean taken = false;
        try {
            taken = loginsAtOnce.tryAcquire(settings.answerTimeout().toMillis(), TimeUnit.MILLISECONDS);
            if (!taken) {
                throw new DirectoryException("too many logins wait for the directory");
            }
            boolean right = bind(account, password);
            answered = true;
            return right;
        } catch (LDAPException failure) {
            answered = isAnAnswer(failure);
            throw failed(failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new DirectoryException("the server is stopped", interrupted);
        } finally {
            tell(loginBreaker, answered);
            if (taken) {
                loginsAtOnce.release();
            }
        }
    }

    /** Each login has its own connection, which nothing of anybody else's is ever said over. */
    private boolean bind(DirectoryEntry account, String password) throws LDAPException {
        for (int triesLeft = settings.servers().size(); ; triesLeft--) {
            try (LDAPConnection connection = logins.getConnection()) {
                SimpleBindRequest request = new SimpleBindRequest(
                        account.dn(), password, new DraftBeheraLDAPPasswordPolicy10RequestControl());
                try {
                    return isUsable(account, connection.bind(request));
                } catch (LDAPException refused) {
                    if (REFUSED.contains(refused.getResultCode())) {
                        LOGGER.info("The directory refuses {}: {}", account.dn(), refused.getDiagnosticMessage());
                        return false;
                    }
                    logins.avoid(connection);
                    if (triesLeft <= 1) {
                        throw refused;
                    }
                }
            }
        }
    }

    /** A bind may succeed only to let the password be changed, as draft-behera-ldap-password-policy says. */
    private static boolean isUsable(DirectoryEntry account, BindResult result) throws LDAPException {
        DraftBeheraLDAPPasswordPolicy10ResponseControl policy =
                DraftBeheraLDAPPasswordPolicy10ResponseControl.get(result);
        boolean unusable = policy != null && policy.getErrorType() != null && UNUSABLE.contains(policy.getErrorType());
        if (unusable || PasswordExpiredControl.get(result) != null) {
            LOGGER.info("The directory wants {} to change its password", account.dn());
            return false;
        }
        return true;
    }

    /** Asks whether the place of the accounts is there, as the one who asks. */
    void probe() throws DirectoryException {
        SearchResult result = search(new SearchRequest(
                settings.base().toString(), SearchScope.BASE, Filter.createPresenceFilter("objectClass"), "1.1"));
        if (result.getEntryCount() == 0) {
            throw new DirectoryException(settings.bindDn() + " sees nothing at " + settings.base());
        }
    }

    /** Whether it says something of this question alone, and nothing of the directory: that answers. */
    private static boolean isAnAnswer(LDAPException failure) {
        return failure.getResultCode().isConnectionUsable()
                && !failure.getResultCode().equals(ResultCode.TIME_LIMIT_EXCEEDED);
    }

    private static void tell(Breaker breaker, boolean answered) {
        if (answered) {
            breaker.succeeded();
        } else {
            breaker.failed();
        }
    }

    private static DirectoryException leftAlone() {
        return new DirectoryException(
                "the directory has failed " + FAILURES + " times; it is asked again in some seconds");
    }

    private static DirectoryException failed(LDAPException failure) {
        String reason = failure.getMessage();
        LOGGER.error("The directory can't be asked: {}", reason);
        return new DirectoryException("the directory can't be asked: " + reason, failure);
    }
}
