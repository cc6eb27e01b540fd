/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.pipeline;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import javax.inject.Inject;
import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.james.lifecycle.api.LifecycleUtil;
import org.apache.james.mailrepository.api.MailRepository;
import org.apache.james.mailrepository.api.MailRepositoryStore;
import org.apache.james.mailrepository.api.MailRepositoryStore.MailRepositoryStoreException;
import org.apache.james.mailrepository.api.MailRepositoryUrl;
import org.apache.james.rrt.api.RecipientRewriteTable;
import org.apache.james.rrt.lib.Mapping;
import org.apache.james.rrt.lib.Mappings;
import org.apache.mailet.Attribute;
import org.apache.mailet.AttributeName;
import org.apache.mailet.AttributeValue;
import org.apache.mailet.Mail;
import org.apache.mailet.Mailet;
import org.apache.mailet.base.GenericMailet;

/**
 * Stand-ins for those of James's mailets that need a whole server, or that James 3.9 does not publish. They take the
 * same parameters as far as the pipeline's course depends on them; everything else in a pipeline is James's own.
 */
final class StandIns {
    /** By the name that mailetcontainer.xml has for James's mailet. */
    static final Map<String, Class<? extends Mailet>> BY_NAME = Map.of(
            "LocalDelivery", LocalDelivery.class,
            "WithStorageDirective", StorageDirective.class,
            "RemoteDelivery", RemoteDelivery.class,
            "ToRepository", ToRepository.class,
            "RecipientRewriteTable", RewriteRecipients.class,
            "PostmasterAlias", PostmasterAlias.class);

    private StandIns() {}

    /** Ends at {@link Outlets#LOCAL}. */
    static final class LocalDelivery extends GenericMailet {
        private final Outlets outlets;

        @Inject
        LocalDelivery(Outlets outlets) {
            this.outlets = outlets;
        }

        @Override
        public void service(Mail mail) throws MessagingException {
            outlets.note(Outlets.LOCAL, mail);
            if (getInitParameter("consume", true)) {
                mail.setState(Mail.GHOST);
            }
        }
    }

    /** Notes {@code <targetFolderName>} for each recipient. */
    static final class StorageDirective extends GenericMailet {
        @Override
        public void service(Mail mail) {
            AttributeValue<String> folder = AttributeValue.of(getInitParameter("targetFolderName"));
            mail.getRecipients()
                    .forEach(recipient -> mail.setAttribute(
                            new Attribute(AttributeName.of("DeliveryPaths_" + recipient.asString()), folder)));
        }
    }

    /** Ends at the outlet that {@code <outgoing>} names. */
    static final class RemoteDelivery extends GenericMailet {
        private final Outlets outlets;

        @Inject
        RemoteDelivery(Outlets outlets) {
            this.outlets = outlets;
        }

        @Override
        public void service(Mail mail) throws MessagingException {
            outlets.note(getInitParameter("outgoing", "outgoing"), mail);
            mail.setState(Mail.GHOST);
        }
    }

    /** Stores under {@code <repositoryPath>}. */
    static final class ToRepository extends GenericMailet {
        private final MailRepositoryStore repositories;
        private MailRepository repository;

        @Inject
        ToRepository(MailRepositoryStore repositories) {
            this.repositories = repositories;
        }

        @Override
        public void init() throws MessagingException {
            try {
                repository = repositories.select(MailRepositoryUrl.from(getInitParameter("repositoryPath")));
            } catch (MailRepositoryStoreException fault) {
                throw new MessagingException("no such repository", fault);
            }
        }

        @Override
        public void service(Mail mail) throws MessagingException {
            repository.store(mail);
            mail.setState(Mail.GHOST);
        }
    }

    /** As James does: local targets take the recipient's place, and for remote ones a copy is sent again. */
    static final class RewriteRecipients extends GenericMailet {
        private final RecipientRewriteTable table;

        @Inject
        RewriteRecipients(RecipientRewriteTable table) {
            this.table = table;
        }

        @Override
        public void service(Mail mail) throws MessagingException {
            Collection<MailAddress> here = new ArrayList<>();
            for (MailAddress recipient : mail.getRecipients()) {
                List<MailAddress> elsewhere = new ArrayList<>();
                for (MailAddress target : targets(recipient)) {
                    if (getMailetContext().isLocalServer(target.getDomain())) {
                        here.add(target);
                    } else {
                        elsewhere.add(target);
                    }
                }
                // A remote recipient that nothing rewrites is none that an alias led to.
                if (elsewhere.equals(List.of(recipient))) {
                    here.add(recipient);
                } else if (!elsewhere.isEmpty()) {
                    Mail copy = mail.duplicate();
                    copy.setRecipients(elsewhere);
                    getMailetContext().sendMail(copy);
                    LifecycleUtil.dispose(copy);
                }
            }
            mail.setRecipients(here);
        }

        private List<MailAddress> targets(MailAddress recipient) throws MessagingException {
            Mappings mappings;
            try {
                mappings = table.getResolvedMappings(recipient.getLocalPart(), recipient.getDomain());
            } catch (Exception unresolved) {
                throw new MessagingException("can't resolve " + recipient.asString(), unresolved);
            }
            List<MailAddress> targets = new ArrayList<>();
            mappings.asStream().map(Mapping::asMailAddress).forEach(target -> target.ifPresent(targets::add));
            return targets.isEmpty() ? List.of(recipient) : targets;
        }
    }

    /** Does nothing: no mail of these tests is for a postmaster of a domain. */
    static final class PostmasterAlias extends GenericMailet {
        @Override
        public void service(Mail mail) {}
    }
}
