/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include <json-c/json_pointer.h>
#include <stdio.h>

#include "base/yaml_json.h"
#include "crd/submission.h"

static const struct submission_ids ids = {
	.submission_id = "11111111-2222-3333-4444-555555555555",
	.app_id = "spark-0123456789abcdef0123456789abcdef",
	.resource_prefix = "pi-89abcdef01234567",
	.driver_pod = "pi-driver",
	.submitted_at_ms = 1795254639371,
};

static struct json_object *
json_of_yaml(struct arena *arena, const char *yaml)
{
	struct err err = ERR_INIT;
	struct yaml *tree;

	if (!yaml_read_text(arena, "row", yaml, strlen(yaml), &tree, &err))
		fail_msg("the test's own YAML is broken: %s: %s", err.msg, yaml);
	return arena_own_json(arena, yaml_to_json(tree));
}

/* Members of `from` go into `into`; objects are merged. */
static void
merge(struct json_object *into, struct json_object *from)
{
	json_object_object_foreach(from, key, value) {
		struct json_object *own = json_member(into, key);

		if (json_object_is_type(own, json_type_object) && json_object_is_type(value, json_type_object))
			merge(own, value);
		else
			json_object_object_add(into, key, json_object_get(value));
	}
}

/* A plain application with the YAML of a row merged into it. */
static struct json_object *
application_of(struct arena *arena, const char *more)
{
	struct json_object *application = json_of_yaml(arena,
		"{metadata: {name: pi, namespace: ns},"
		" spec: {type: Python, mode: cluster, sparkVersion: 4.3.0, image: 'spark:4',"
		" mainApplicationFile: 'local:///pi.py', driver: {}, executor: {}}}");

	merge(application, json_of_yaml(arena, more));
	return application;
}

static bool
is_same_value(struct json_object *got, struct json_object *wanted)
{
	return got == NULL || wanted == NULL ? got == wanted : json_object_equal(got, wanted);
}

/* Where a row looks. */
enum place { DRIVER, DRIVER_CONTAINER, TEMPLATE, TEMPLATE_CONTAINER, SERVICE, UI };

static struct json_object *
template_of(struct arena *arena, const struct submission_objects *objects)
{
	for (size_t i = 0; i < json_object_array_length(objects->others); i++) {
		const char *text = json_string_at(json_object_array_get_idx(objects->others, i), "data",
						  "podspec-configmap-key", NULL);

		if (text != NULL)
			return json_of(arena, text);
	}
	return NULL;
}

/* In the driver pod the container that Spark runs comes behind those of a template, before sidecars. */
static struct json_object *
container_of(struct json_object *pod)
{
	struct json_object *containers = json_at(pod, "spec", "containers", NULL);

	for (size_t i = 0; containers != NULL && i < json_object_array_length(containers); i++) {
		struct json_object *container = json_object_array_get_idx(containers, i);

		if (strncmp(json_string(container, "name"), "spark-kubernetes-", 17) == 0)
			return container;
	}
	return NULL;
}

static struct json_object *
look(struct arena *arena, const struct submission_objects *objects, enum place place, const char *pointer)
{
	struct json_object *found = NULL, *root = objects->service;

	if (place == DRIVER || place == DRIVER_CONTAINER)
		root = objects->driver_pod;
	else if (place == UI)
		root = objects->ui_service;
	else if (place != SERVICE)
		root = template_of(arena, objects);
	if (place == DRIVER_CONTAINER || place == TEMPLATE_CONTAINER)
		root = container_of(root);
	if (root != NULL)
		json_pointer_get(root, pointer, &found);
	return found;
}

static struct submission_objects
objects_of(struct arena *arena, const char *row, const char *more)
{
	struct submission_objects objects = { 0 };
	struct err err = ERR_INIT;

	if (!crd_submission_objects(arena, application_of(arena, more), &ids, &objects, &err))
		fail_msg("%s: %s", row, err.msg);
	return objects;
}

/* Fields that the operator's webhook patches into pods: of the driver at once, of executors by their template. */
static const struct {
	const char *yaml;       /* the role's fields */
	enum place place;       /* DRIVER or DRIVER_CONTAINER; the template is looked at as well */
	const char *pointer;
	const char *wanted;     /* JSON; NULL: absent */
} patches[] = {
	{ "{affinity: {nodeAffinity: {a: b}}}", DRIVER, "/spec/affinity", "{\"nodeAffinity\":{\"a\":\"b\"}}" },
	{ "{tolerations: [{key: k}]}", DRIVER, "/spec/tolerations", "[{\"key\":\"k\"}]" },
	{ "{nodeSelector: {disk: ssd}}", DRIVER, "/spec/nodeSelector", "{\"disk\":\"ssd\"}" },
	{ "{hostNetwork: true}", DRIVER, "/spec/hostNetwork", "true" },
	{ "{hostNetwork: true}", DRIVER, "/spec/dnsPolicy", "\"ClusterFirstWithHostNet\"" },
	{ "{hostNetwork: false}", DRIVER, "/spec/hostNetwork", NULL },
	{ "{dnsConfig: {nameservers: [1.1.1.1]}}", DRIVER, "/spec/dnsConfig", "{\"nameservers\":[\"1.1.1.1\"]}" },
	{ "{hostAliases: [{ip: 1.1.1.1}]}", DRIVER, "/spec/hostAliases", "[{\"ip\":\"1.1.1.1\"}]" },
	{ "{priorityClassName: high}", DRIVER, "/spec/priorityClassName", "\"high\"" },
	{ "{schedulerName: s}", DRIVER, "/spec/schedulerName", "\"s\"" },
	{ "{podSecurityContext: {fsGroup: 185}}", DRIVER, "/spec/securityContext", "{\"fsGroup\":185}" },
	{ "{securityContext: {runAsUser: 185}}", DRIVER_CONTAINER, "/securityContext", "{\"runAsUser\":185}" },
	{ "{terminationGracePeriodSeconds: 60}", DRIVER, "/spec/terminationGracePeriodSeconds", "60" },
	{ "{shareProcessNamespace: true}", DRIVER, "/spec/shareProcessNamespace", "true" },
	{ "{lifecycle: {preStop: {exec: {command: [x]}}}}", DRIVER_CONTAINER, "/lifecycle/preStop/exec/command",
	  "[\"x\"]" },
	{ "{envFrom: [{secretRef: {name: s}}]}", DRIVER_CONTAINER, "/envFrom", "[{\"secretRef\":{\"name\":\"s\"}}]" },
	{ "{gpu: {name: nvidia.com/gpu, quantity: 2}}", DRIVER_CONTAINER, "/resources/limits/nvidia.com~1gpu",
	  "\"2\"" },
	{ "{initContainers: [{name: i, image: x}]}", DRIVER, "/spec/initContainers",
	  "[{\"name\":\"i\",\"image\":\"x\"}]" },
	{ "{sidecars: [{name: s, image: x}]}", DRIVER, "/spec/containers/1", "{\"name\":\"s\",\"image\":\"x\"}" },
	{ "{template: {spec: {initContainers: [{name: i, image: x}]}}, initContainers: [{name: i, image: x}]}", DRIVER,
	  "/spec/initContainers/1", NULL },
	{ "{template: {metadata: {labels: {a: b}}}}", DRIVER, "/metadata/labels/a", "\"b\"" },
	{ "{template: {spec: {containers: [{name: x}, {name: spark-kubernetes-driver, tty: true},"
	  " {name: spark-kubernetes-executor, tty: true}]}}}", DRIVER_CONTAINER, "/tty", "true" },
};

static void
what_the_webhook_would_patch_is_in_the_pods(void **state)
{
	for (size_t i = 0; i < ARRAY_COUNT(patches); i++) {
		const char *row = patches[i].yaml;
		const char *yaml = arena_printf(*state, "{spec: {driver: %s, executor: %s}}", row, row);
		struct submission_objects objects = objects_of(*state, row, yaml);
		struct json_object *wanted = patches[i].wanted == NULL ? NULL : json_of(*state, patches[i].wanted);

		for (int k = 0; k < 2; k++) {
			enum place place = patches[i].place + (k == 0 ? 0 : TEMPLATE - DRIVER);
			struct json_object *got = look(*state, &objects, place, patches[i].pointer);

			if (!is_same_value(got, wanted))
				fail_msg("%s, %s: got %s", row, k == 0 ? "driver" : "executor", json_text(got));
		}
		crd_submission_put(&objects);
	}
}

/* Fields of the driver that have no counterpart, or another place. */
static const struct {
	const char *yaml;       /* of the whole application */
	enum place place;
	const char *pointer;
	const char *wanted;
} objects_rows[] = {
	{ "{spec: {driver: {ports: [{name: p, containerPort: 1, protocol: TCP}]}}}", DRIVER_CONTAINER, "/ports/4/name",
	  "\"p\"" },
	{ "{spec: {driver: {memoryLimit: 3g}}}", DRIVER_CONTAINER, "/resources",
	  "{\"requests\":{\"cpu\":\"1\",\"memory\":\"1433Mi\"},\"limits\":{\"memory\":\"3Gi\"}}" },
	{ "{spec: {driver: {coreRequest: 500m, coreLimit: '2', memory: 2g, memoryOverhead: 1g}}}", DRIVER_CONTAINER,
	  "/resources",
	  "{\"requests\":{\"cpu\":\"500m\",\"memory\":\"3072Mi\"},\"limits\":{\"cpu\":\"2\",\"memory\":\"3072Mi\"}}" },
	{ "{spec: {driver: {env: [{name: A, value: b}]}}}", DRIVER_CONTAINER, "/env/5",
	  "{\"name\":\"A\",\"value\":\"b\"}" },
	{ "{spec: {driver: {envVars: {A: b}}}}", DRIVER_CONTAINER, "/env/2", "{\"name\":\"A\",\"value\":\"b\"}" },
	{ "{spec: {driver: {envSecretKeyRefs: {A: {name: s, key: k}}}}}", DRIVER_CONTAINER, "/env/3",
	  "{\"name\":\"A\",\"valueFrom\":{\"secretKeyRef\":{\"name\":\"s\",\"key\":\"k\"}}}" },
	{ "{spec: {driver: {secrets: [{name: s, path: /p, secretType: GCPServiceAccount}]}}}", DRIVER_CONTAINER,
	  "/env/2",
	  "{\"name\":\"GOOGLE_APPLICATION_CREDENTIALS\",\"value\":\"/p/key.json\"}" },
	{ "{spec: {driver: {secrets: [{name: s, path: /p, secretType: Generic}]}}}", DRIVER, "/spec/volumes/0",
	  "{\"name\":\"s-volume\",\"secret\":{\"secretName\":\"s\"}}" },
	{ "{spec: {driver: {configMaps: [{name: c, path: /p}]}}}", DRIVER, "/spec/volumes/2",
	  "{\"name\":\"c-vol\",\"configMap\":{\"name\":\"c\"}}" },
	{ "{spec: {driver: {configMaps: [{name: c.d, path: /p}]}}}", DRIVER, "/spec/volumes/2/name",
	  "\"config-map-0-vol\"" },
	{ "{spec: {driver: {serviceAccount: sa}}}", DRIVER, "/spec/serviceAccountName", "\"sa\"" },
	{ "{spec: {driver: {image: 'own:1'}}}", DRIVER_CONTAINER, "/image", "\"own:1\"" },
	{ "{spec: {sparkConf: {spark.kubernetes.driver.container.image: 'conf:1'}}}", DRIVER_CONTAINER, "/image",
	  "\"spark:4\"" },
	{ "{spec: {imagePullPolicy: Always}}", DRIVER_CONTAINER, "/imagePullPolicy", "\"Always\"" },
	{ "{spec: {imagePullSecrets: [a, b]}}", DRIVER, "/spec/imagePullSecrets",
	  "[{\"name\":\"a\"},{\"name\":\"b\"}]" },
	{ "{spec: {nodeSelector: {disk: ssd}}}", DRIVER, "/spec/nodeSelector", "{\"disk\":\"ssd\"}" },
	{ "{spec: {arguments: ['', 'a b']}}", DRIVER_CONTAINER, "/args/6", "\"\"" },
	{ "{spec: {proxyUser: bob}}", DRIVER_CONTAINER, "/args/2", "\"bob\"" },
	{ "{spec: {proxyUser: bob}}", DRIVER_CONTAINER, "/env/0", "{\"name\":\"SPARK_USER\",\"value\":\"bob\"}" },
	{ "{spec: {mainApplicationFile: 'local:///a.jar', mainClass: C}}", DRIVER_CONTAINER, "/args/4", "\"C\"" },
	{ "{spec: {sparkConfigMap: c}}", DRIVER_CONTAINER, "/env/5",
	  "{\"name\":\"SPARK_CONF_DIR\",\"value\":\"/etc/spark/conf\"}" },
	{ "{spec: {hadoopConfigMap: c}}", TEMPLATE_CONTAINER, "/env/0",
	  "{\"name\":\"HADOOP_CONF_DIR\",\"value\":\"/etc/hadoop/conf\"}" },
	{ "{spec: {hadoopConfigMap: c}}", DRIVER, "/spec/volumes/3",
	  "{\"name\":\"hadoop-configmap-volume\",\"configMap\":{\"name\":\"c\"}}" },
	{ "{spec: {volumes: [{name: v, emptyDir: {}}, {name: w, emptyDir: {}}],"
	  " driver: {volumeMounts: [{name: v, mountPath: /v}]}}}", DRIVER, "/spec/volumes/2",
	  "{\"name\":\"v\",\"emptyDir\":{}}" },
	{ "{spec: {volumes: [{name: v, emptyDir: {}}, {name: w, emptyDir: {}}],"
	  " driver: {volumeMounts: [{name: v, mountPath: /v}]}}}", DRIVER, "/spec/volumes/3", NULL },
	{ "{spec: {volumes: [{name: spark-local-dir-1, hostPath: {path: /d}}],"
	  " driver: {volumeMounts: [{name: spark-local-dir-1, mountPath: /v}]}}}", DRIVER_CONTAINER, "/env/3",
	  "{\"name\":\"SPARK_LOCAL_DIRS\",\"value\":\"/v\"}" },
	{ "{spec: {driver: {labels: {a: b}, annotations: {c: d}}}}", DRIVER, "/metadata/annotations", "{\"c\":\"d\"}" },
	{ "{spec: {driver: {labels: {a: b}}}}", SERVICE, "/spec/selector/a", "\"b\"" },
	{ "{spec: {driver: {serviceLabels: {a: b}, serviceAnnotations: {c: d}}}}", SERVICE, "/metadata",
	  "{\"name\":\"pi-89abcdef01234567-driver-svc\",\"annotations\":{\"c\":\"d\"},"
	  "\"labels\":{\"a\":\"b\",\"spark-app-selector\":\"spark-0123456789abcdef0123456789abcdef\"}}" },
	{ "{metadata: {labels: {a: b, kueue.x-k8s.io/queue-name: q}}}", DRIVER, "/metadata/labels",
	  "{\"a\":\"b\",\"spark-app-name\":\"pi\",\"spark-version\":\"4.3.0\",\"spark-role\":\"driver\","
	  "\"spark-app-selector\":\"spark-0123456789abcdef0123456789abcdef\",\"sparkoperator.k8s.io/app-name\":\"pi\","
	  "\"sparkoperator.k8s.io/launched-by-spark-operator\":\"true\","
	  "\"sparkoperator.k8s.io/mutated-by-spark-operator\":\"true\","
	  "\"sparkoperator.k8s.io/submission-id\":\"11111111-2222-3333-4444-555555555555\"}" },
	{ "{spec: {driver: {template: {metadata: {labels: {a: b}}}}}}", DRIVER,
	  "/metadata/labels/sparkoperator.k8s.io~1mutated-by-spark-operator", NULL },
	{ "{metadata: {uid: u}}", DRIVER, "/metadata/ownerReferences",
	  "[{\"apiVersion\":\"sparkoperator.k8s.io/v1beta2\",\"kind\":\"SparkApplication\",\"name\":\"pi\",\"uid\":\"u\","
	  "\"controller\":true,\"blockOwnerDeletion\":true}]" },
	{ "{}", DRIVER, "/metadata/ownerReferences", NULL },
	{ "{}", TEMPLATE, "/spec", NULL },
	{ "{spec: {sparkVersion: 3.5.9}}", DRIVER_CONTAINER, "/securityContext", NULL },
	{ "{spec: {sparkVersion: 4.0.1}}", DRIVER_CONTAINER, "/ports/3", NULL },
	{ "{spec: {sparkVersion: 4.1.0}}", DRIVER_CONTAINER, "/ports/3/containerPort", "15002" },
	{ "{spec: {sparkVersion: 4.1.4}}", SERVICE, "/spec/ports/3/appProtocol", NULL },
	{ "{spec: {sparkVersion: 4.2.0}}", SERVICE, "/spec/ports/3/appProtocol", "\"grpc\"" },
	{ "{}", UI, "/metadata/name", "\"pi-ui-svc\"" },
	{ "{}", UI, "/spec",
	  "{\"clusterIP\": \"None\", \"ports\": [{\"name\": \"spark-driver-ui-port\", \"protocol\": \"TCP\", "
	  "\"port\": 4040, \"targetPort\": 4040}], "
	  "\"selector\": {\"spark-role\": \"driver\", \"sparkoperator.k8s.io/app-name\": \"pi\"}}" },
	{ "{spec: {sparkConf: {spark.ui.port: '4050'}}}", UI, "/spec/ports/0/port", "4050" },
	{ "{spec: {sparkConf: {spark.ui.port: '4050'}, sparkUIOptions: {servicePort: 80, servicePortName: web,"
	  " serviceType: NodePort}}}", UI, "/spec",
	  "{\"type\": \"NodePort\", \"ports\": [{\"name\": \"web\", \"protocol\": \"TCP\", \"port\": 80, "
	  "\"targetPort\": 4050}], "
	  "\"selector\": {\"spark-role\": \"driver\", \"sparkoperator.k8s.io/app-name\": \"pi\"}}" },
	{ "{spec: {sparkUIOptions: {serviceLabels: {a: b}, serviceAnnotations: {c: d}}}}", UI, "/metadata",
	  "{\"name\": \"pi-ui-svc\", \"annotations\": {\"c\": \"d\"}, \"labels\": {\"a\": \"b\", "
	  "\"sparkoperator.k8s.io/app-name\": \"pi\", \"sparkoperator.k8s.io/created-by-spark-operator\": \"true\", "
	  "\"sparkoperator.k8s.io/submission-id\": \"11111111-2222-3333-4444-555555555555\"}}" },
	{ "{spec: {sparkConf: {spark.ui.enabled: 'false'}}}", UI, "/metadata", NULL },
	{ "{spec: {sparkConf: {spark.ui.port: '0'}}}", UI, "/metadata", NULL },
	{ "{metadata: {name: p.i}}", UI, "/metadata/name", "\"spark-89abcdef01234567-ui-svc\"" },
	{ "{metadata: {name: 1pi}}", UI, "/metadata/name", "\"spark-89abcdef01234567-ui-svc\"" },
	{ "{metadata: {name: a123456789b123456789c123456789d123456789e123456789f12345}}", UI, "/metadata/name",
	  "\"a123456789b123456789c123456789d123456789e123456789f12345-ui-svc\"" },
	{ "{metadata: {name: a123456789b123456789c123456789d123456789e123456789f123456}}", UI, "/metadata/name",
	  "\"spark-89abcdef01234567-ui-svc\"" },
	{ "{spec: {sparkVersion: 3.5.9, executor: {ports: [{name: p, containerPort: 1, protocol: TCP}]}}}",
	  TEMPLATE_CONTAINER, "/ports/0/name", "\"p\"" },
	{ "{spec: {monitoring: {exposeDriverMetrics: false, exposeExecutorMetrics: false}}}", DRIVER, "/kind",
	  "\"Pod\"" },
};

static void
fields_have_their_place_in_the_objects(void **state)
{
	for (size_t i = 0; i < ARRAY_COUNT(objects_rows); i++) {
		const char *row = objects_rows[i].yaml;
		struct submission_objects objects = objects_of(*state, row, row);
		struct json_object *got = look(*state, &objects, objects_rows[i].place, objects_rows[i].pointer);
		const char *wanted = objects_rows[i].wanted;

		if (!is_same_value(got, wanted == NULL ? NULL : json_of(*state, wanted)))
			fail_msg("%s: %s is %s", row, objects_rows[i].pointer, json_text(got));
		crd_submission_put(&objects);
	}
}

/* One line of the driver's properties; what stands behind "!" must not be there. */
static const char *const conf_rows[][2] = {
	{ "{}", "spark.executor.instances=1" },
	{ "{}", "spark.executor.memory=1g" },
	{ "{}", "spark.app.submitTime=1795254639371" },
	{ "{}", "!spark.kubernetes.executor.podTemplateFile" },
	{ "{spec: {sparkConf: {spark.driver.memory: 2g}}}", "spark.driver.memory=2g" },
	{ "{spec: {sparkConf: {spark.driver.memory: 2g}, driver: {memory: 3g}}}", "spark.driver.memory=3g" },
	{ "{spec: {executor: {instances: 3, cores: 2, coreLimit: '4'}}}", "spark.executor.instances=3" },
	{ "{spec: {executor: {instances: 3, cores: 2, coreLimit: '4'}}}", "spark.kubernetes.executor.limit.cores=4" },
	{ "{spec: {executor: {deleteOnTermination: false}}}", "spark.kubernetes.executor.deleteOnTermination=false" },
	{ "{spec: {executor: {javaOptions: -Xa}}}", "spark.executor.extraJavaOptions=-Xa" },
	{ "{spec: {executor: {envVars: {A: b}}}}", "spark.executorEnv.A=b" },
	{ "{spec: {executor: {envSecretKeyRefs: {A: {name: s, key: k}}}}}",
	  "spark.kubernetes.executor.secretKeyRef.A=s\\:k" },
	{ "{spec: {executor: {secrets: [{name: s, path: /p, secretType: HadoopDelegationToken}]}}}",
	  "spark.executorEnv.HADOOP_TOKEN_FILE_LOCATION=/p/hadoop.token" },
	{ "{spec: {executor: {labels: {a: b}}}}", "spark.kubernetes.executor.label.a=b" },
	{ "{spec: {executor: {serviceAccount: sa}}}", "spark.kubernetes.authenticate.executor.serviceAccountName=sa" },
	{ "{spec: {executor: {terminationGracePeriodSeconds: 60}}}",
	  "spark.kubernetes.executor.terminationGracePeriodSeconds=60" },
	{ "{spec: {executor: {tolerations: [{key: k}]}}}",
	  "spark.kubernetes.executor.podTemplateFile=/opt/spark/pod-template/pod-spec-template.yml" },
	{ "{spec: {sparkConfigMap: c}}", "spark.executorEnv.SPARK_CONF_DIR=/etc/spark/conf" },
	{ "{spec: {driver: {kubernetesMaster: 'https://x'}}}", "spark.kubernetes.driver.master=https\\://x" },
	{ "{spec: {pythonVersion: '3'}}", "spark.kubernetes.pyspark.pythonVersion=3" },
	{ "{spec: {memoryOverheadFactor: '0.3'}}", "spark.kubernetes.memoryOverheadFactor=0.3" },
	{ "{spec: {hadoopConf: {fs.a: b}, sparkConf: {spark.hadoop.fs.a: c}}}", "spark.hadoop.fs.a=b" },
	{ "{spec: {deps: {jars: ['https://a', 'https://b']}, sparkConf: {spark.jars: 'https://c'}}}",
	  "spark.jars=https\\://a,https\\://b" },
	{ "{spec: {deps: {packages: ['g:a:1'], excludePackages: ['g:b'], repositories: ['https://r']}}}",
	  "spark.jars.packages=g\\:a\\:1" },
	{ "{spec: {deps: {packages: ['g:a:1'], excludePackages: ['g:b'], repositories: ['https://r']}}}",
	  "spark.jars.excludes=g\\:b" },
	{ "{spec: {deps: {packages: ['g:a:1'], excludePackages: ['g:b'], repositories: ['https://r']}}}",
	  "spark.jars.repositories=https\\://r" },
	{ "{spec: {deps: {files: ['s3a://f'], pyFiles: ['s3a://p'], archives: ['s3a://z#e']}}}",
	  "spark.archives=s3a\\://z\\#e" },
	{ "{spec: {dynamicAllocation: {enabled: true, minExecutors: 0, shuffleTrackingTimeout: 5}}}",
	  "spark.dynamicAllocation.minExecutors=0" },
	{ "{spec: {dynamicAllocation: {enabled: true}}}", "spark.dynamicAllocation.shuffleTracking.enabled=true" },
	{ "{spec: {dynamicAllocation: {enabled: true, shuffleTrackingEnabled: false}}}",
	  "spark.dynamicAllocation.shuffleTracking.enabled=false" },
	{ "{spec: {dynamicAllocation: {enabled: true}}}", "!spark.executor.instances" },
	{ "{spec: {dynamicAllocation: {enabled: false, minExecutors: 2}}}", "!spark.dynamicAllocation" },
	{ "{spec: {sparkConf: {spark.dynamicAllocation.enabled: 'true'}}}", "!spark.executor.instances" },
	{ "{spec: {sparkConf: {not.spark: x}}}", "!not.spark" },
	{ "{spec: {sparkConf: {'spark.a=b': c}}}", "spark.a=b\\=c" },
	{ "{spec: {sparkConf: {spark.master: yarn}}}", "spark.master=k8s\\://https\\://kubernetes.default.svc" },
	{ "{spec: {sparkConf: {spark.kubernetes.authenticate.driver.mounted.oauthTokenFile: /t}}}",
	  "spark.kubernetes.authenticate.driver.mounted.oauthTokenFile=/t" },
	{ "{spec: {sparkConf: {spark.kubernetes.namespace: ns}}}", "spark.kubernetes.namespace=ns" },
	{ "{spec: {sparkConf: {spark.app.name: other}}}", "spark.app.name=pi" },
	{ "{spec: {volumes: [{name: spark-local-dir-x, nfs: {path: /d, server: s}}],"
	  " executor: {volumeMounts: [{name: spark-local-dir-x, mountPath: /v, readOnly: true}]}}}",
	  "spark.kubernetes.executor.volumes.nfs.spark-local-dir-x.options.server=s" },
	{ "{spec: {batchSchedulerOptions: {queue: q}}}", "!spark.kubernetes.driver.label.queue" },
};

static void
fields_become_properties(void **state)
{
	for (size_t i = 0; i < ARRAY_COUNT(conf_rows); i++) {
		const char *row = conf_rows[i][0], *wanted = conf_rows[i][1];
		struct submission_objects objects = objects_of(*state, row, row);
		const char *text = json_string_at(objects.config_map, "data", "spark.properties", NULL);

		if (wanted[0] == '!')
			assert_null(strstr(text, arena_printf(*state, "\n%s", wanted + 1)));
		else
			assert_contains(row, text, arena_printf(*state, "\n%s\n", wanted));
		crd_submission_put(&objects);
	}
}

static const char *const refusals[][2] = {
	{ "{spec: {batchScheduler: volcano}}", "spec.batchScheduler: not supported by the built-in operator; " },
	{ "{spec: {batchScheduler: volcano, batchSchedulerOptions: {queue: q}}}", "spec.batchScheduler: not supported" },
	{ "{spec: {monitoring: {exposeDriverMetrics: true, exposeExecutorMetrics: false}}}",
	  "spec.monitoring: not supported" },
	{ "{spec: {driverIngressOptions: [{servicePort: 1}]}}", "spec.driverIngressOptions: not supported" },
	{ "{spec: {driverPodDisruptionBudget: true}}", "spec.driverPodDisruptionBudget: not supported" },
	{ "{spec: {sparkUIOptions: {ingressAnnotations: {a: b}}}}", "spec.sparkUIOptions.ingressAnnotations: not supported" },
	{ "{spec: {sparkUIOptions: {ingressTLS: [{secretName: a}]}}}", "spec.sparkUIOptions.ingressTLS: not supported" },
	{ "{spec: {sparkUIOptions: {port: 1}}}", "spec.sparkUIOptions.port: no such field" },
	{ "{spec: {sparkConf: {spark.ui.port: web}}}", "spark.ui.port" },
	{ "{spec: {restartPolicy: {retries: 1}}}", "spec.restartPolicy.retries: no such field" },
	{ "{spec: {dynamicAllocation: {executors: 1}}}", "spec.dynamicAllocation.executors: no such field" },
	{ "{spec: {executor: {memoryLimit: 2g}}}", "spec.executor.memoryLimit: not supported" },
	{ "{spec: {sparkConf: {spark.decommission.enabled: 'true'}, executor: {lifecycle: {preStop: {sleep: {seconds: 1}}}}}}",
	  "spec.executor.lifecycle: not supported" },
	{ "{spec: {mode: client}}", "spec.mode: 'client' is not supported by the built-in operator" },
	{ "{spec: {drivers: {}}}", "spec.drivers: no such field" },
	{ "{spec: {driver: {memmory: 1g}}}", "spec.driver.memmory: no such field" },
	{ "{spec: {driver: {instances: 1}}}", "spec.driver.instances: no such field" },
	{ "{spec: {deps: {jar: []}}}", "spec.deps.jar: no such field" },
	{ "{spec: {driver: {cores: '1'}}}", "spec.driver.cores: a whole number is wanted" },
	{ "{spec: {driver: {coreLimit: 1}}}", "spec.driver.coreLimit: a text, in quotes" },
	{ "{spec: {driver: {env: {a: b}}}}", "spec.driver.env: a list is wanted" },
	{ "{spec: {driver: x}}", "spec.driver: an object is wanted" },
	{ "{spec: {arguments: [10]}}", "spec.arguments[0]: a text" },
	{ "{spec: {deps: {jars: [1]}}}", "spec.deps.jars[0]: a text" },
	{ "{spec: {sparkConf: {spark.a: 1}}}", "spec.sparkConf: the value of spark.a is no text" },
	{ "{spec: {hadoopConf: {a: 1}}}", "spec.hadoopConf: the value of a is no text" },
	{ "{spec: {sparkConf: {spark.kubernetes.namespace: other}}}", "is not the application's namespace, ns" },
	{ "{spec: {sparkConf: {spark.kubernetes.authenticate.oauthToken: t}}}", "credentials are not taken" },
	{ "{spec: {sparkConf: {spark.kubernetes.authenticate.driver.clientKeyFile: t}}}", "credentials are not taken" },
	{ "{spec: {sparkVersion: latest}}", "spec.sparkVersion: 'latest' is no Spark version" },
	{ "{spec: {image: ''}}", "no Spark image" },
	{ "{spec: {image: '', driver: {image: i}}}", "spec.executor.image" },
	{ "{spec: {mainApplicationFile: local:///a.jar}}", "spec.mainClass is missing" },
	{ "{spec: {mainApplicationFile: ''}}", "spec.mainApplicationFile is missing" },
	{ "{spec: {nodeSelector: {a: b}, driver: {nodeSelector: {c: d}}}}", "spec.nodeSelector: " },
	{ "{spec: {driver: {volumeMounts: [{name: v, mountPath: /v}]}}}", "spec.driver.volumeMounts: no volume 'v'" },
	{ "{spec: {executor: {volumeMounts: [{name: spark-local-dir-1, mountPath: /v}]}}}",
	  "spec.volumes: 'spark-local-dir-1'" },
	{ "{spec: {volumes: [{name: spark-local-dir-1, secret: {}}],"
	  " driver: {volumeMounts: [{name: spark-local-dir-1, mountPath: /v}]}}}", "must be there as emptyDir" },
	{ "{spec: {driver: {template: {spec: {containers: [{name: x}]}}}}}", "must be called spark-kubernetes-driver" },
	{ "{spec: {executor: {template: {spec: {containers: [{name: x}]}}}}}",
	  "must be called spark-kubernetes-executor" },
	{ "{spec: {driver: {gpu: {name: g, quantity: 0}}}}", "spec.driver.gpu: " },
	{ "{spec: {executor: {secrets: [{name: s, path: p, secretType: X}]}}}", "spec.executor.secrets: 'X'" },
	{ "{spec: {driver: {configMaps: [{name: c}]}}}", "spec.driver.configMaps: each needs name and path" },
	{ "{spec: {driver: {labels: {spark-role: x}}}}", "Spark keeps the label spark-role to itself" },
	{ "{metadata: {labels: {spark-exec-id: x}}}", "Spark keeps the label spark-exec-id to itself" },
	{ "{metadata: {name: a123456789b123456789c123456789d123456789e123456789f123456789abcd}}", "metadata.name: " },
};

static void
what_cannot_be_done_is_an_error_that_names_the_field(void **state)
{
	for (size_t i = 0; i < ARRAY_COUNT(refusals); i++) {
		struct submission_objects objects = { 0 };
		struct err err = ERR_INIT;

		if (crd_submission_objects(*state, application_of(*state, refusals[i][0]), &ids, &objects, &err))
			fail_msg("%s: not refused", refusals[i][0]);
		assert_number(refusals[i][0], err.code, ERR_INVALID);
		assert_contains(refusals[i][0], err.msg, refusals[i][1]);
		assert_null(objects.driver_pod);
	}
}

static void
the_application_stays_as_it_is_and_gives_the_same_again(void **state)
{
	const char *yaml = "{spec: {volumes: [{name: v, emptyDir: {}}], executor: {template: {spec: {hostNetwork: true}}},"
			   " driver: {volumeMounts: [{name: v, mountPath: /v}], nodeSelector: {a: b}, template: {spec: {}}}}}";
	struct json_object *application = application_of(*state, yaml);
	const char *before = arena_strdup(*state, json_text(application));
	const char *made = NULL;

	for (int i = 0; i < 2; i++) {
		struct submission_objects objects;
		struct err err = ERR_INIT;
		const char *text;

		assert_true(crd_submission_objects(*state, application, &ids, &objects, &err));
		assert_text("the application", json_text(application), before);
		text = arena_printf(*state, "%s%s%s", json_text(objects.driver_pod), json_text(objects.config_map),
				    json_text(objects.others));
		if (made != NULL)
			assert_text("made again", text, made);
		made = text;
		crd_submission_put(&objects);
	}
}

/* The caller may do with its objects what it likes. */
static void
the_objects_share_nothing_with_the_application(void **state)
{
	struct json_object *application = application_of(*state, "{spec: {driver: {tolerations: [{key: k}],"
			" affinity: {a: b}, sidecars: [{name: s}]}}}");
	const char *before = arena_strdup(*state, json_text(application));
	struct submission_objects objects;
	struct err err = ERR_INIT;
	struct json_object *spec;

	assert_true(crd_submission_objects(*state, application, &ids, &objects, &err));
	spec = json_member(objects.driver_pod, "spec");
	json_add_string(json_object_array_get_idx(json_member(spec, "tolerations"), 0), "key", "other");
	json_add_string(json_object_array_get_idx(json_member(spec, "containers"), 1), "name", "other");
	json_add_string(json_member(spec, "affinity"), "a", "other");
	assert_text("the application", json_text(application), before);
	crd_submission_put(&objects);
}

static void
the_driver_pod_has_the_name_that_the_application_wants(void **state)
{
	static const char *const rows[][2] = {
		{ "{}", "pi-driver" },
		{ "{spec: {driver: {podName: own}}}", "own" },
		{ "{spec: {sparkConf: {spark.kubernetes.driver.pod.name: conf}}}", "conf" },
		{ "{spec: {driver: {podName: own}, sparkConf: {spark.kubernetes.driver.pod.name: conf}}}", "own" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		assert_text(rows[i][0], crd_submission_driver_pod(*state, application_of(*state, rows[i][0])), rows[i][1]);
}

/* Some lists are joined: that must not take more room than they have. */
static void
a_long_list_of_jars_stays_within_the_arena(void **state)
{
	struct json_object *application = application_of(*state, "{spec: {deps: {jars: []}}}");
	struct json_object *jars = json_at(application, "spec", "deps", "jars", NULL);
	struct submission_objects objects;
	struct err err = ERR_INIT;

	for (int i = 0; i < 40000; i++)
		json_object_array_add(jars, json_object_new_string("https://example/a"));
	assert_true(crd_submission_objects(*state, application, &ids, &objects, &err));
	crd_submission_put(&objects);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_with_arena(what_the_webhook_would_patch_is_in_the_pods),
		unit_test_with_arena(fields_have_their_place_in_the_objects),
		unit_test_with_arena(fields_become_properties),
		unit_test_with_arena(what_cannot_be_done_is_an_error_that_names_the_field),
		unit_test_with_arena(the_application_stays_as_it_is_and_gives_the_same_again),
		unit_test_with_arena(the_objects_share_nothing_with_the_application),
		unit_test_with_arena(the_driver_pod_has_the_name_that_the_application_wants),
		unit_test_with_arena(a_long_list_of_jars_stays_within_the_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
