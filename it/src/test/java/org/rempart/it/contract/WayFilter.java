/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it.contract;

import java.lang.reflect.AnnotatedElement;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.TestSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.PostDiscoveryFilter;

/** Leaves out what is {@link NotIn} the current way, or {@link OnlyIn} another. A test that is left out does not count as skipped. */
public final class WayFilter implements PostDiscoveryFilter {
    /**
     * Surefire looks in Maven's own process for what it shares among test processes, without the properties of the test:
     * there nobody knows the way yet.
     */
    private static final boolean WAY_IS_KNOWN = System.getProperty("rempart.it.folder") != null;

    @Override
    public FilterResult apply(TestDescriptor test) {
        if (!WAY_IS_KNOWN) {
            return FilterResult.included(null);
        }
        Optional<String> reason = test.getSource().flatMap(source -> reason(source, Way.current()));
        reason.ifPresent(because -> ContractTable.leftOut(test, because));
        return reason.isPresent() ? FilterResult.excluded(reason.get()) : FilterResult.included(null);
    }

    /** Why a test is left out of a way, or empty when it isn't. */
    static Optional<String> reason(TestSource source, Way way) {
        if (!(source instanceof MethodSource method)) {
            return Optional.empty();
        }
        OnlyIn only = method.getJavaClass().getAnnotation(OnlyIn.class);
        if (only != null && only.value() != way) {
            return Optional.of("it is about the way " + only.value().label());
        }
        return Stream.<AnnotatedElement>of(method.getJavaMethod(), method.getJavaClass())
                .flatMap(element -> Arrays.stream(element.getAnnotationsByType(NotIn.class)))
                .filter(not -> not.value() == way)
                .map(NotIn::because)
                .findFirst();
    }
}
