/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.dkim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.rempart.policy.Rule;
import org.rempart.policy.dkim.DkimPolicy.Sign;

/** Which keys are for which domain. */
class DkimPolicyTest {
    private static Sign sign(String domain, String selector) {
        return Sign.of(domain, selector, "conf/dkim/" + selector + ".pem", Rule.byDefault(selector));
    }

    @Test
    void aDomainHasItsOwnKeysOrThoseOfTheNearestOneAboveIt() {
        Sign rsa = sign("ours.example", "r");
        Sign ed25519 = sign("ours.example", "e");
        Sign lists = sign("lists.ours.example", "l");
        DkimPolicy policy = DkimPolicy.of(List.of(rsa, lists, ed25519));

        assertThat(policy.of("ours.example")).containsExactly(rsa, ed25519);
        assertThat(policy.of("mail.ours.example")).containsExactly(rsa, ed25519);
        assertThat(policy.of("lists.ours.example")).containsExactly(lists);
        assertThat(policy.of("a.b.lists.ours.example")).containsExactly(lists);
        for (String other : List.of("example", "notours.example", "ours.example.org", "", "[127.0.0.1]")) {
            assertThat(policy.of(other)).as(other).isEmpty();
        }
        assertThat(DkimPolicy.none().of("ours.example")).isEmpty();
    }

    @Test
    void aRuleKnowsItsRecordAndItsFile() {
        assertThat(sign("ours.example", "r1").recordName()).isEqualTo("r1._domainkey.ours.example");
        assertThat(sign("ours.example", "r1").keyUrl()).isEqualTo("file://conf/dkim/r1.pem");
        assertThat(Sign.of("ours.example", "r1", "file:///etc/r1.pem", Rule.byDefault(""))
                        .keyUrl())
                .isEqualTo("file:///etc/r1.pem");
    }
}
