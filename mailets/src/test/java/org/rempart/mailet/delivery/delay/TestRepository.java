/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.delay;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import javax.mail.MessagingException;
import org.apache.james.lifecycle.api.LifecycleUtil;
import org.apache.james.mailrepository.api.MailKey;
import org.apache.james.mailrepository.api.MailRepository;
import org.apache.james.server.core.MailImpl;
import org.apache.mailet.Mail;

/** A repository that copies what it is given and gives, as those do that write it down. */
final class TestRepository implements MailRepository, AutoCloseable {
    private final Map<String, Mail> mails = new ConcurrentHashMap<>();
    private boolean away;
    private int unremoved;

    /** Whether it does not answer. */
    void away(boolean value) {
        away = value;
    }

    /** So many times it removes nothing. */
    void failRemovals(int times) {
        unremoved = times;
    }

    List<String> keys() {
        return new ArrayList<>(mails.keySet());
    }

    private void asked() throws MessagingException {
        if (away) {
            throw new MessagingException("the repository is away");
        }
    }

    private static Mail copy(Mail mail) throws MessagingException {
        MailImpl copy = MailImpl.duplicate(mail);
        copy.setName(mail.getName());
        return copy;
    }

    @Override
    public long size() {
        return mails.size();
    }

    @Override
    public MailKey store(Mail mail) throws MessagingException {
        asked();
        LifecycleUtil.dispose(mails.put(mail.getName(), copy(mail)));
        return MailKey.forMail(mail);
    }

    @Override
    public Iterator<MailKey> list() throws MessagingException {
        asked();
        return mails.keySet().stream()
                .map(MailKey::new)
                .collect(Collectors.toList())
                .iterator();
    }

    @Override
    public Mail retrieve(MailKey key) throws MessagingException {
        asked();
        Mail mail = mails.get(key.asString());
        return mail == null ? null : copy(mail);
    }

    @Override
    public void remove(MailKey key) throws MessagingException {
        asked();
        if (unremoved > 0) {
            unremoved--;
            throw new MessagingException("the repository removes nothing");
        }
        LifecycleUtil.dispose(mails.remove(key.asString()));
    }

    @Override
    public void removeAll() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        mails.values().forEach(LifecycleUtil::dispose);
    }
}
