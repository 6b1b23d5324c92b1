"""Every setting of the program, declared once, in the order of the original screens.

Pages → tabs → groups → settings. Form, validation, storage, help, search, export, audit, manual and tests
are loops over `ALL`; adding a setting is adding one declaration here.
"""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar

from app.domain import Authority, SefazAction
from app.kinds import (
    Choice,
    FilePath,
    Flag,
    Host,
    Money,
    Number,
    Option,
    Pattern,
    PublicKey,
    Reference,
    Series,
    Text,
    WebAddress,
    WeeklyWindow,
)
from app.policies import (
    AnpStatus,
    CompanyConsultation,
    CreditConsultation,
    CreditCustomerAction,
    CreditOrderAction,
    CustomerAction,
    DatabaseKind,
    Environment,
    MessageField,
    MissingBrandAction,
    OrderAction,
    OverdueAction,
    OverdueCompanies,
    ProxyUse,
    ServiceAction,
    ServiceOrderStage,
    SslMode,
    UncheckedAction,
    UpdateFrequency,
)
from app.settings.setting import (
    COMPANY,
    GENERAL,
    GENERAL_AND_COMPANY,
    MACHINE,
    Group,
    Page,
    Setting,
    Tab,
)
from app.working_hours import ALWAYS, WorkingHours

E = TypeVar("E", bound=Enum)


def _choice(*options: tuple[E, str, str]) -> Choice[E]:
    return Choice(tuple(Option(value, label, sentence) for value, label, sentence in options))


PORT = Number(1, 65535)

# --- Balcão › Integração ---------------------------------------------------------------------------------

SERVER = Setting(
    "balcao.servidor",
    "IP do Servidor Retaguarda",
    Host(),
    "127.0.0.1",
    MACHINE,
    help="Endereço do computador onde estão o banco de dados e o serviço de integração. "
    "127.0.0.1 quer dizer este mesmo computador. Um nome de computador também serve e não muda quando a rede muda.",
    effect="Este computador passa a procurar o banco e o serviço no novo endereço a partir da próxima abertura.",
    example="Se o banco está no computador 192.168.0.10, informe 192.168.0.10 em todos os outros computadores.",
)
DATABASE_PORT = Setting(
    "balcao.porta_banco",
    "Porta Banco de Dados Gestores",
    PORT,
    5432,
    MACHINE,
    help="Porta em que o PostgreSQL atende. 5432 é a porta de fábrica.",
    effect="A conexão com o banco passa a usar esta porta a partir da próxima abertura.",
    example="Com dois PostgreSQL na mesma máquina, o segundo costuma atender na porta 5433.",
)
INTEGRATION_PORT = Setting(
    "balcao.porta_integracao",
    "Porta de Comunicação para Integração do Cadastro de Clientes",
    PORT,
    8082,
    MACHINE,
    help="Porta do serviço que troca dados de clientes entre o balcão e a retaguarda. "
    "Na retaguarda é a porta em que o serviço atende; no balcão, a porta em que ele é procurado.",
    effect="O serviço de integração precisa ser reiniciado, e a porta liberada no firewall do servidor.",
    example="Se outro programa já usa a 8082, escolha 8083 aqui e em todos os balcões.",
)
DATABASE_KIND = Setting(
    "balcao.banco_tipo",
    "Onde ficam os dados",
    _choice(
        (DatabaseKind.FILE, "Arquivo neste computador", "Um arquivo na pasta de dados. Serve para um computador só."),
        (DatabaseKind.SERVER, "Servidor PostgreSQL", "Um banco compartilhado por todos os computadores."),
    ),
    DatabaseKind.FILE,
    MACHINE,
    help="Onde este computador guarda cadastros, configurações e consultas. "
    "O arquivo local não precisa de instalação; o servidor permite vários computadores.",
    effect="O programa abre o outro banco na próxima abertura, e nada é copiado. Quem copia, confere e muda é o botão "
    "“Mudar os dados para um servidor…”.",
    example="Um escritório com três computadores usa o servidor PostgreSQL nos três.",
)
DATABASE_NAME = Setting(
    "balcao.banco_nome",
    "Nome do banco",
    Text(63, required=True),
    "retaguarda",
    MACHINE,
    help="Nome do banco de dados dentro do servidor PostgreSQL. Não é usado com o arquivo local.",
    effect="A conexão passa a usar este banco a partir da próxima abertura.",
    example="O administrador criou o banco com “CREATE DATABASE retaguarda”.",
)
DATABASE_USER = Setting(
    "balcao.banco_usuario",
    "Usuário do banco",
    Text(63, required=True),
    "retaguarda",
    MACHINE,
    help="Usuário do PostgreSQL com que o programa entra no banco. A senha fica no cofre de senhas do sistema.",
    effect="A conexão passa a usar este usuário a partir da próxima abertura; informe também a senha dele.",
    example="Um usuário próprio do programa, retaguarda, em vez do usuário postgres.",
)
DATABASE_SSL = Setting(
    "balcao.banco_ssl",
    "Criptografia da conexão",
    _choice(
        (SslMode.DISABLE, "Sem criptografia", "Só para uma rede em que todos são de confiança."),
        (SslMode.PREFER, "Quando o servidor oferecer", "Criptografa se o servidor aceitar."),
        (SslMode.REQUIRE, "Sempre", "Recusa a conexão sem criptografia."),
        (SslMode.VERIFY_FULL, "Sempre, conferindo o certificado", "Confere também se o servidor é quem diz ser."),
    ),
    SslMode.PREFER,
    MACHINE,
    help="Como a conexão com o PostgreSQL é protegida. Não é usado com o arquivo local.",
    effect="A próxima conexão é feita deste modo; se o servidor não o aceitar, a conexão é recusada.",
    example="Com o banco em outro prédio, use “Sempre, conferindo o certificado”.",
)
INTEGRATION_ACTIVE = Setting(
    "balcao.integracao_ativa",
    "Atender os balcões neste computador",
    Flag(),
    False,
    MACHINE,
    help="Diz se este computador atende os balcões: recebe e entrega clientes, parcelas e ordens de serviço, e "
    "responde se uma venda pode seguir. Atende com a janela aberta, na bandeja ou pelo comando “servico”.",
    effect="Ligado, o serviço começa assim que é salvo e sempre que o programa abre; desligado, para, e os balcões não "
    "são atendidos.",
    example="Ligado só na retaguarda; nos computadores de balcão fica desligado.",
)
INTEGRATION_ADDRESS = Setting(
    "balcao.integracao_endereco",
    "Endereço em que o serviço atende",
    Host(),
    "127.0.0.1",
    MACHINE,
    help="Por qual endereço deste computador os balcões entram. 127.0.0.1 atende só programas deste computador; "
    "o endereço dele na rede atende a rede; 0.0.0.0 atende todas as redes em que ele estiver.",
    effect="O serviço passa a atender no novo endereço quando é reiniciado; em outro endereço ninguém é atendido.",
    example="A retaguarda é 192.168.0.10 na rede da loja: informe 192.168.0.10 e libere a porta no firewall.",
)
_PEM = FilePath("Arquivos PEM", (".pem", ".crt", ".cer", ".key"))
INTEGRATION_CERTIFICATE = Setting(
    "balcao.integracao_certificado",
    "Certificado do serviço (arquivo PEM)",
    _PEM,
    "",
    MACHINE,
    help="Arquivo com o certificado TLS deste serviço e a cadeia dele, para os balcões entrarem por https. "
    "Vazio, atende por http, sem criptografia. Não é o certificado digital da filial.",
    effect="Com certificado e chave, o serviço atende só por https quando é reiniciado; os balcões precisam confiar "
    "nele.",
    example="C:\\certificados\\retaguarda.pem, emitido pela autoridade da empresa para o nome deste computador.",
)
INTEGRATION_KEY = Setting(
    "balcao.integracao_chave",
    "Chave do certificado do serviço (arquivo PEM)",
    _PEM,
    "",
    MACHINE,
    help="Arquivo com a chave privada do certificado do serviço, sem senha e legível só por quem roda o programa. "
    "Vazio, a chave é procurada no mesmo arquivo do certificado.",
    effect="É lida quando o serviço começa; uma chave que não é do certificado impede o serviço de começar.",
    example="C:\\certificados\\retaguarda-chave.pem, na mesma pasta do certificado.",
)
INTEGRATION_RATE = Setting(
    "balcao.integracao_limite",
    "Limite de pedidos de cada balcão",
    Number(60, 1_000_000, "por minuto"),
    3000,
    MACHINE,
    help="Quantos pedidos por minuto um balcão pode fazer ao serviço. "
    "Protege a retaguarda de um balcão com defeito que repete o mesmo pedido sem parar.",
    effect="Acima do limite, o balcão recebe o erro 429 com o tempo a esperar; os outros balcões não são afetados.",
    example="Com 3.000, um balcão pode fazer 50 pedidos por segundo.",
)
OVERDUE_BUDGET = Setting(
    "balcao.crediario_dav",
    "Verificar se existe crediário vencido no DAV (Orçamento)",
    Flag(),
    False,
    GENERAL_AND_COMPANY,
    help="Antes de um orçamento (DAV), confere se o cliente tem parcelas de crediário vencidas. "
    "É independente da verificação na pré-venda.",
    effect="Ligado, o orçamento de quem tem parcela vencida segue a ação escolhida; desligado, nada é verificado.",
    example="Cliente com parcela vencida há 5 dias e carência 0: o orçamento é bloqueado.",
)
OVERDUE_PRE_SALE = Setting(
    "balcao.crediario_pre_venda",
    "Verificar se existe crediário vencido na Pré-Venda",
    Flag(),
    False,
    GENERAL_AND_COMPANY,
    help="Antes de uma pré-venda, confere se o cliente tem parcelas de crediário vencidas. "
    "É independente da verificação no orçamento.",
    effect="Ligado, a pré-venda de quem tem parcela vencida segue a ação escolhida; desligado, nada é verificado.",
    example="Ligado só aqui, o cliente pode pedir orçamento, mas a pré-venda é bloqueada.",
)
OVERDUE_GRACE = Setting(
    "balcao.crediario_carencia",
    "Carência (dias) para considerar vencido",
    Number(0, 365, "dias"),
    0,
    GENERAL_AND_COMPANY,
    help="Quantos dias depois do vencimento uma parcela ainda não conta como vencida. "
    "Vencimento em fim de semana vale até o próximo dia útil.",
    effect="Um número maior deixa passar atrasos curtos; 0 considera vencida a parcela no dia seguinte ao vencimento.",
    example="Com 3 dias, a parcela de 10/11 só conta como vencida a partir de 14/11.",
)
OVERDUE_ACTION = Setting(
    "balcao.crediario_acao",
    "Ação quando houver crediário vencido",
    _choice(
        (OverdueAction.BLOCK, "Bloqueia", "O orçamento ou a pré-venda não continua."),
        (OverdueAction.RELEASE, "Bloqueia com liberação", "Continua com usuário, senha e motivo de quem libera."),
        (OverdueAction.WARN, "Avisa", "Mostra as parcelas vencidas e continua."),
    ),
    OverdueAction.BLOCK,
    GENERAL_AND_COMPANY,
    help="O que acontece quando a verificação encontra parcelas vencidas. "
    "A liberação vale para aquela operação e fica registrada.",
    effect="Muda o que o balcão recebe na próxima verificação; operações já feitas não mudam.",
    example="“Bloqueia com liberação”: o supervisor informa a senha e o motivo, e a pré-venda continua.",
)
OVERDUE_MINIMUM = Setting(
    "balcao.crediario_minimo",
    "Valor vencido a partir do qual a ação vale",
    Money(),
    Decimal("0.00"),
    GENERAL_AND_COMPANY,
    help="Soma das parcelas vencidas abaixo da qual o crediário vencido é desconsiderado. "
    "Conta o que falta pagar de cada parcela, sem multa nem juros.",
    effect="Um valor maior deixa passar dívidas pequenas; com 0,00 qualquer parcela vencida conta.",
    example="Com R$ 20,00, quem deve uma sobra de R$ 3,50 não é bloqueado.",
)
OVERDUE_COMPANIES = Setting(
    "balcao.crediario_empresas",
    "Parcelas que contam",
    _choice(
        (OverdueCompanies.OWN, "Da empresa que vende", "Só o que o cliente deve à empresa do orçamento ou pré-venda."),
        (OverdueCompanies.ALL, "De todas as empresas", "O que o cliente deve a qualquer empresa deste cadastro."),
    ),
    OverdueCompanies.OWN,
    GENERAL_AND_COMPANY,
    help="De quais empresas são as parcelas vencidas que a verificação soma. O cliente é reconhecido pelo documento.",
    effect="Com todas, quem deve a uma empresa é verificado também nas outras.",
    example="Duas lojas do mesmo dono: com todas, quem deve na loja 1 não leva fiado na loja 2.",
)
OVERDUE_DATA_AGE = Setting(
    "balcao.crediario_idade",
    "Idade máxima dos dados do crediário",
    Number(0, 8760, "horas"),
    72,
    GENERAL_AND_COMPANY,
    help="Há quanto tempo, no máximo, as parcelas da empresa foram recebidas para a verificação valer. "
    "Um envio sem mudanças também conta. Com 0, não importa quando foram recebidas.",
    effect="Com dados mais velhos, ou nunca recebidos, a verificação não é possível e segue a ação escolhida abaixo.",
    example="O envio parou na sexta; com 72 horas, na terça já não se sabe quem deve e vale a ação abaixo.",
)
OVERDUE_UNCHECKED = Setting(
    "balcao.crediario_sem_verificacao",
    "Ação quando não for possível verificar o crediário",
    _choice(
        (UncheckedAction.REFUSE, "Não permite", "O orçamento ou a pré-venda não continua sem a verificação."),
        (
            UncheckedAction.ALLOW,
            "Permite sem verificação",
            "Continua, com aviso, e fica registrado que não se verificou.",
        ),
    ),
    UncheckedAction.REFUSE,
    GENERAL_AND_COMPANY,
    help="O que acontece quando não há como saber se o cliente deve: parcelas nunca recebidas ou velhas demais. "
    "Não saber não é o mesmo que não dever.",
    effect="Vale para a próxima verificação; com “Bloqueia com liberação”, também este caso pode ser liberado.",
    example="Loja nova, ainda sem o envio das parcelas: “Permite sem verificação” até o primeiro envio.",
)
WHATSAPP_ORDERS = Setting(
    "balcao.whatsapp_os",
    "Enviar notificação da Ordem de Serviço pelo WhatsApp",
    Flag(),
    False,
    GENERAL_AND_COMPANY,
    help="Envia ao cliente uma mensagem quando a ordem de serviço é criada, anda ou termina. "
    "O cadastro precisa ter nome, celular e consentimento.",
    effect="Ligado, cada mudança da ordem de serviço põe uma mensagem na fila; sem cadastro completo, nada é enviado.",
    example="A ordem 120 passa a “finalizada” e o cliente recebe o aviso no celular.",
)

WHATSAPP_URL = Setting(
    "whatsapp.endereco",
    "Endereço da API do WhatsApp",
    WebAddress(),
    "https://graph.facebook.com",
    GENERAL,
    help="Endereço da API oficial do WhatsApp (Cloud API da Meta), sem a versão. Só muda por ordem da Meta.",
    effect="As próximas mensagens saem por este endereço.",
    example="O da Meta é https://graph.facebook.com, e não muda de uma conta para outra.",
)
WHATSAPP_VERSION = Setting(
    "whatsapp.versao",
    "Versão da API do WhatsApp",
    Pattern(r"v[1-9][0-9]{0,2}\.[0-9]", "uma versão da API", "v25.0"),
    "v25.0",
    GENERAL,
    help="Versão da API com que as mensagens são enviadas. A Meta encerra cada versão cerca de dois anos depois.",
    effect="As próximas mensagens usam esta versão; uma já encerrada a Meta atende como a mais antiga ainda em uso.",
    example="Em 2026, v25.0; o programa avisa quando faltarem menos de 90 dias para ela acabar.",
)
WHATSAPP_NUMBER = Setting(
    "whatsapp.numero_id",
    "Identificação do número (Phone Number ID)",
    Pattern(r"[0-9]{5,20}", "a identificação do número, só algarismos", "106540352242922", required=False),
    "",
    GENERAL_AND_COMPANY,
    help="Identificação do número remetente na Meta. Não é o telefone: está em WhatsApp › Configuração da API, no "
    "painel da Meta. O token fica no cofre de senhas.",
    effect="As próximas mensagens saem deste número; sem ele, nada é enviado.",
    example="O painel mostra “Phone number ID: 106540352242922”: informe 106540352242922.",
)
WHATSAPP_LANGUAGE = Setting(
    "whatsapp.idioma",
    "Idioma dos modelos",
    Pattern(r"[a-z]{2,3}(_[A-Z]{2})?", "um idioma de modelo", "pt_BR"),
    "pt_BR",
    GENERAL,
    help="Idioma em que os modelos de mensagem foram aprovados na Meta. Precisa ser igual ao do modelo.",
    effect="As próximas mensagens pedem o modelo neste idioma; se ele não existir, a Meta recusa.",
    example="Modelos aprovados em “Portuguese (BR)”: informe pt_BR.",
)
_STAGE_EXAMPLE = {
    ServiceOrderStage.CREATED: "os_criada",
    ServiceOrderStage.IN_PROGRESS: "os_em_andamento",
    ServiceOrderStage.FINISHED: "os_finalizada",
}
WHATSAPP_TEMPLATE = {
    stage: Setting(
        f"whatsapp.modelo_{stage.value}",
        f"Modelo quando a OS é {stage.label.lower()}"
        if stage is not ServiceOrderStage.IN_PROGRESS
        else "Modelo quando a OS entra em andamento",
        Pattern(r"[a-z0-9_]{1,512}", "um nome de modelo (letras minúsculas, algarismos e _)", example, required=False),
        "",
        GENERAL_AND_COMPANY,
        help="Nome do modelo de mensagem, como aprovado na Meta na categoria utilidade. "
        "Vazio, este evento da ordem de serviço não gera mensagem.",
        effect="Os próximos eventos usam este modelo; mensagens já na fila não mudam.",
        example=f"O modelo aprovado se chama {example}: informe {example}.",
    )
    for stage, example in _STAGE_EXAMPLE.items()
}
WHATSAPP_FIELDS = {
    stage: Setting(
        f"whatsapp.campos_{stage.value}",
        f"Campos do modelo: {stage.label.lower()}",
        Series(MessageField),
        (MessageField.CUSTOMER, MessageField.ORDER, MessageField.COMPANY),
        GENERAL_AND_COMPANY,
        help="O que preenche os campos {{1}}, {{2}}… do modelo, na ordem, separado por “;”. "
        "Podem ser cliente, os, empresa e situacao.",
        effect="As próximas mensagens levam estes campos; se o número não for o do modelo, a Meta recusa.",
        example="O modelo diz “Olá {{1}}, a OS {{2}} da {{3}}…”: informe cliente; os; empresa.",
    )
    for stage in ServiceOrderStage
}
WHATSAPP_HOURS = Setting(
    "whatsapp.horario",
    "Horário permitido para mensagens",
    WeeklyWindow(),
    WorkingHours(8 * 60, 20 * 60, frozenset(range(6))),
    GENERAL_AND_COMPANY,
    help="Em que dias e horas uma mensagem pode sair, no fuso da filial. Fora deles ela espera na fila.",
    effect="As mensagens da fila passam a seguir o novo horário.",
    example="OS finalizada às 21:10 de sábado: a mensagem sai na segunda às 8:00, se ainda valer.",
)
WHATSAPP_EXPIRY = Setting(
    "whatsapp.validade",
    "Validade de uma mensagem na fila",
    Number(1, 720, "horas"),
    48,
    GENERAL_AND_COMPANY,
    help="Por quantas horas uma mensagem que ainda não saiu continua valendo. Depois disso ela é deixada de lado.",
    effect="As próximas mensagens recebem a nova validade.",
    example="Com 48 horas, o aviso de uma OS finalizada há três dias não é mais enviado.",
)
WHATSAPP_COLLAPSE = Setting(
    "whatsapp.substitui",
    "Só a mensagem mais nova de cada ordem",
    Flag(),
    True,
    GENERAL_AND_COMPANY,
    help="Quando a ordem anda de novo antes de a mensagem anterior sair, a anterior é cancelada.",
    effect="Ligado, o cliente recebe só a situação mais nova; desligado, recebe todas.",
    example="“Criada” ainda espera na fila quando vem “finalizada”: sai só a segunda.",
)
WHATSAPP_DAILY = Setting(
    "whatsapp.limite_dia",
    "Limite de mensagens por dia",
    Number(1, 100_000, "mensagens"),
    250,
    GENERAL,
    help="Quantas mensagens saem, no máximo, em 24 horas. Contas novas na Meta começam com 250 destinatários por dia.",
    effect="Atingido o limite, as outras esperam na fila; um limite acima do da Meta faz a Meta recusar.",
    example="Depois que a Meta aumentar o limite da conta para 2.000, informe 2.000.",
)
WHATSAPP_KEEP = Setting(
    "whatsapp.guarda",
    "Por quanto tempo as mensagens ficam guardadas",
    Number(1, 3650, "dias"),
    180,
    GENERAL,
    help="Depois de quantos dias as mensagens já encerradas são apagadas: nome e número do cliente são dados pessoais.",
    effect="As encerradas há mais tempo são apagadas no próximo dia de serviço; as da fila nunca.",
    example="Com 180 dias, em 01/12 some o que terminou antes de 04/06.",
)

# --- Ferramentas › Sistema › Clientes: SEFAZ -------------------------------------------------------------

SEFAZ_AUTOMATIC = Setting(
    "sefaz.automatica",
    "Executa Consulta Automática na Sefaz",
    Flag(),
    False,
    GENERAL,
    help="Diz se o serviço consulta sozinho o cadastro de contribuintes na SEFAZ. "
    "Só entram os clientes habilitados para a consulta automática.",
    effect="Ligado, o serviço começa a consultar os clientes que estão no prazo; desligado, só pelo botão.",
    example="Ligado com periodicidade de 30 dias, cada cliente é consultado uma vez por mês.",
)
SEFAZ_ENTITY = Setting(
    "sefaz.entidade_filial",
    "Código da Entidade que Representa a Filial",
    Reference("entidades"),
    None,
    COMPANY,
    help="Entidade que representa a própria filial ou uma empresa congênere. "
    "Clientes com o documento dessa entidade nunca são bloqueados pelas regras.",
    effect="A partir da próxima consulta, a entidade escolhida deixa de ser bloqueada; bloqueios existentes não mudam.",
    example="A filial 2 compra da matriz: a entidade da filial 2 fica aqui e nunca é bloqueada.",
)
SEFAZ_PERIOD = Setting(
    "sefaz.periodicidade",
    "Periodicidade de dias para consulta por cliente",
    Number(1, 3650, "dias"),
    30,
    GENERAL,
    help="De quantos em quantos dias cada cliente é consultado automaticamente na SEFAZ. "
    "Uma consulta manual também conta.",
    effect="Um número menor consulta mais vezes; perto demais, a SEFAZ pode recusar por consumo indevido.",
    example="Consultado em 01/11 com 30 dias: a próxima é em 01/12.",
)
SEFAZ_INTERVAL = Setting(
    "sefaz.intervalo",
    "Intervalo entre cada consulta",
    Number(0, 86400, "segundos"),
    5,
    GENERAL,
    help="Pausa entre a consulta de um cliente e a do seguinte. "
    "Vale o maior entre este tempo e o limite do autorizador.",
    effect="Um número maior deixa o serviço mais lento e mais leve para a SEFAZ.",
    example="Com 5 segundos, 100 clientes levam pouco mais de 8 minutos.",
)
SEFAZ_BATCH = Setting(
    "sefaz.lote",
    "Tempo entre cada lote de cliente para consulta",
    Number(1, 1440, "minutos"),
    10,
    GENERAL,
    help="De quanto em quanto tempo o serviço procura clientes que entraram no prazo. O mínimo é 1 minuto.",
    effect="Um número menor percebe antes os clientes novos; o total de consultas não muda.",
    example="Com 10 minutos, um cliente incluído às 9:00 é consultado até as 9:10.",
)
SEFAZ_USER = Setting(
    "sefaz.usuario",
    "Usuário do Serviço",
    Reference("usuarios"),
    None,
    GENERAL,
    help="Usuário gravado nas consultas que o serviço faz sozinho. "
    "Recomenda-se um usuário só para isso, com nome que se reconheça.",
    effect="As próximas consultas automáticas são gravadas com este usuário; as antigas não mudam.",
    example="Usuário “Serviço SEFAZ”, perfil operador.",
)
SEFAZ_BRANCH = Setting(
    "sefaz.filial",
    "Filial",
    Reference("filiais"),
    None,
    GENERAL,
    help="Filial cujo certificado digital A1 é usado nas consultas à SEFAZ. "
    "O certificado precisa estar instalado, válido e ser do mesmo CNPJ raiz da filial.",
    effect="As próximas consultas usam o certificado desta filial; sem certificado válido a escolha é recusada.",
    example="Filial 1, Matriz SP, com certificado válido por 143 dias.",
)
SEFAZ_DEFAULT_ACTION = Setting(
    "sefaz.acao_padrao",
    "Ação quando não habilitado na SEFAZ (valor padrão na inclusão de clientes)",
    _choice(
        (SefazAction.NOTHING, "Não faz nada", "O resultado da consulta nunca bloqueia o cliente."),
        (
            SefazAction.BLOCK_UNBLOCK,
            "Bloqueia/Desbloqueia o cliente",
            "Não habilitado bloqueia; habilitado numa consulta seguinte desbloqueia.",
        ),
    ),
    SefazAction.NOTHING,
    GENERAL,
    help="Valor que o campo “Ação quando não habilitado na SEFAZ” recebe em clientes novos. "
    "Depois de incluído, vale o que está no cadastro de cada cliente.",
    effect="Só os clientes incluídos a partir de agora recebem o novo valor; nenhum cliente existente muda.",
    example="Com “Bloqueia/Desbloqueia”, um posto novo que perca a inscrição estadual é bloqueado na próxima consulta.",
)

# --- Bandeira e região -----------------------------------------------------------------------------------

ANP_UPDATE_BRAND = Setting(
    "anp.atualiza_bandeira",
    "Atualiza Bandeira do Cliente",
    Flag(),
    False,
    GENERAL,
    help="Depois de uma consulta à ANP, grava no cliente a bandeira que a ANP informa. "
    "Só troca quando a Tabela de Bandeiras reconhece o nome da ANP.",
    effect="Ligado, a bandeira do cliente passa a seguir a ANP; um nome desconhecido não muda nada.",
    example="A ANP informa VIBRA, e a bandeira “Petrobras/Vibra” tem esse nome: o cliente recebe essa bandeira.",
)
DEFAULT_REGION = Setting(
    "clientes.regiao_padrao",
    "Região de Vendas Padrão",
    Reference("regioes"),
    1,
    GENERAL,
    help="Região de vendas que um cliente novo recebe. De fábrica é a região “Geral”.",
    effect="Só os clientes incluídos a partir de agora recebem a nova região.",
    example="Com “Centro-Oeste”, os clientes incluídos hoje entram nessa região.",
)
ANP_CUSTOMER_NO_BRAND = Setting(
    "anp.cliente_sem_bandeira",
    "Ação sobre o cliente quando Bandeira da ANP inexistente na Tabela de Bandeiras",
    _choice(
        (MissingBrandAction.BLOCK, "Bloqueia", "O cliente é bloqueado por este motivo."),
        (MissingBrandAction.INDIFFERENT, "Indiferente", "Nada é feito: um bloqueio existente continua."),
        (
            MissingBrandAction.NEVER_BLOCK,
            "Não bloqueia",
            "Nunca bloqueia, e retira o bloqueio que só tinha este motivo.",
        ),
    ),
    MissingBrandAction.INDIFFERENT,
    GENERAL,
    help="O que fazer quando a ANP não informa bandeira, ou informa uma que a Tabela de Bandeiras não conhece. "
    "Durante um processo de revogação, por exemplo, o cliente fica sem bandeira na ANP.",
    effect="Vale a partir da próxima consulta à ANP de cada cliente.",
    example="Posto em revogação, sem bandeira na ANP, com “Bloqueia”: deixa de poder comprar.",
)
ANP_ORDER_NO_BRAND = Setting(
    "anp.pedido_sem_bandeira",
    "Ação sobre o Pedido (bandeira inexistente)",
    _choice(
        (OrderAction.ALLOW, "Permite Conclusão", "O pedido pode ser concluído."),
        (OrderAction.REFUSE, "Não permite inclusão/alteração", "O pedido não pode ser incluído nem alterado."),
    ),
    OrderAction.ALLOW,
    GENERAL,
    help="O que fazer com o pedido de venda quando a ANP não informa bandeira ou informa uma desconhecida. "
    "É o mesmo caso da ação sobre o cliente, aplicado ao pedido.",
    effect="Vale para os próximos pedidos incluídos ou alterados.",
    example="Cliente sem bandeira na ANP e “Não permite”: o pedido é recusado com o motivo.",
)

# --- Consulta ANP ----------------------------------------------------------------------------------------

_OPEN_DATA = "https://www.gov.br/anp/pt-br/centrais-de-conteudo/dados-abertos/arquivos"
ANP_URL = Setting(
    "anp.url_principal",
    "Consulta ANP URL Principal",
    WebAddress(),
    "https://revendedoresapi.anp.gov.br/v1/combustivel",
    GENERAL,
    help="Endereço em que a situação do cliente na ANP é consultada primeiro. O CNPJ vai no lugar de {cnpj}; sem essa "
    "palavra no endereço, vai no parâmetro cnpj. A forma da resposta é reconhecida pelo conteúdo.",
    effect="As próximas consultas à ANP começam por este endereço.",
    example="Se a ANP mudar de endereço, cole aqui o novo.",
)
ANP_URL_SECONDARY = Setting(
    "anp.url_secundaria",
    "Consulta ANP URL Secundária",
    WebAddress(required=False),
    "",
    GENERAL,
    help="Endereço tentado quando o principal falha. Se os dois falharem, responde a lista da ANP guardada aqui; sem "
    "ela, não foi possível consultar.",
    effect="As próximas consultas que falharem no principal tentam este endereço; vazio, não há segunda tentativa.",
    example="O mapa da ANP: um endereço com CQL_FILTER=CNPJ_CPF='{cnpj}', que informa a situação por extenso.",
)
ANP_ONLINE = Setting(
    "anp.permite_online",
    "Permite Consulta On-Line para ANP",
    Flag(),
    False,
    GENERAL,
    help="Chave geral da consulta à ANP, tanto pelo botão quanto pelo serviço.",
    effect="Desligada, ninguém consulta a ANP e o serviço da ANP fica parado.",
    example="Sem internet por um dia, desligue para que o serviço não acumule falhas.",
)
ANP_KEPT = Setting(
    "anp.consultas_armazenadas",
    "No. Consultas Armazenadas por Cliente",
    Number(1, 1000, "consultas"),
    10,
    GENERAL,
    help="Quantas consultas à ANP ficam guardadas no cadastro de cada cliente. As mais antigas são apagadas.",
    effect="Um número menor apaga as consultas excedentes na próxima consulta de cada cliente.",
    example="Com 10, a décima primeira consulta apaga a primeira.",
)
ANP_LIST_AUTOMOTIVE = Setting(
    "anp.lista_automotivos",
    "Lista de revendedores de combustíveis automotivos",
    WebAddress(),
    f"{_OPEN_DATA}/arquivos-dados-cadastrais-dos-revendedores-varejistas-de-combustiveis-automotivos"
    "/dados-cadastrais-revendedores-varejistas-combustiveis-automoveis.csv",
    GENERAL,
    help="Endereço do arquivo CSV, publicado pela ANP, com todos os postos autorizados. "
    "Com ele todos os clientes são conferidos de uma vez, sem consultar um por um.",
    effect="A próxima atualização da lista baixa o arquivo deste endereço.",
    example="Se a ANP mudar o arquivo de lugar, cole aqui o novo endereço.",
)
ANP_LIST_GLP = Setting(
    "anp.lista_glp",
    "Lista de revendedores de GLP",
    WebAddress(),
    f"{_OPEN_DATA}/arquivos-dados-cadastrais-das-revendas-de-gas-liquefeito-de-petroleo-glp/cadastro-revendas-glp.csv",
    GENERAL,
    help="Endereço do arquivo CSV, publicado pela ANP, com todas as revendas de GLP autorizadas.",
    effect="A próxima atualização da lista baixa o arquivo deste endereço.",
    example="Se a ANP mudar o arquivo de lugar, cole aqui o novo endereço.",
)
ANP_LIST_DISTRIBUTORS = Setting(
    "anp.lista_distribuidores",
    "Lista de distribuidores de combustíveis",
    WebAddress(),
    f"{_OPEN_DATA}/dcl/planilha-aea-filiais.csv",
    GENERAL,
    help="Endereço do arquivo CSV, publicado pela ANP, com os distribuidores e a situação de cada um. "
    "Serve para preencher a Tabela de Bandeiras.",
    effect="A próxima atualização da lista baixa o arquivo deste endereço.",
    example="Se a ANP mudar o arquivo de lugar, cole aqui o novo endereço.",
)
ANP_MIRROR_AGE = Setting(
    "anp.espelho_idade",
    "Idade máxima da lista para substituir a consulta",
    Number(0, 60, "dias"),
    3,
    GENERAL,
    help="Quando os dois endereços da consulta falham, a lista da ANP guardada aqui responde no lugar, com a data "
    "dela. Uma lista mais velha do que isto não responde.",
    effect="Um número maior aceita listas mais antigas; 0 nunca usa a lista no lugar da consulta.",
    example="Com 3 dias e a lista de segunda-feira, a consulta que falha na quinta ainda é respondida por ela.",
)
ANP_CUSTOMER: dict[AnpStatus, Setting[CustomerAction]] = {
    status: Setting(
        f"anp.cliente.{status.value}",
        f"Consulta via cadastro de cliente: {status.label}",
        _choice(
            (CustomerAction.BLOCK, "Bloqueia Cliente", "Bloqueia o cliente com este status."),
            (CustomerAction.UNBLOCK, "Desbloqueia o Cliente", "Retira o bloqueio que o status na ANP tinha posto."),
            (CustomerAction.INDIFFERENT, "É Indiferente", "Não bloqueia nem desbloqueia."),
        ),
        CustomerAction.INDIFFERENT,
        GENERAL,
        help=f"O que uma consulta à ANP faz com o cliente quando o status é “{status.label}”. "
        "Desbloquear retira só o bloqueio posto pelo status na ANP, nunca um bloqueio manual ou da SEFAZ.",
        effect="Vale a partir da próxima consulta de cada cliente em que os perfis sejam aplicados.",
        example=f"Cliente com “{status.label}” e a ação “Bloqueia Cliente”: é bloqueado ao fim da consulta.",
        tag=status,
    )
    for status in AnpStatus
}
ANP_ORDER_CONSULT = Setting(
    "anp.pedido_consulta",
    "Realiza Consulta ANP na inclusão do Pedido / NF de Venda",
    Flag(),
    False,
    GENERAL,
    help="Diz se a inclusão de um pedido ou nota de venda consulta a situação do cliente na ANP. "
    "Cada empresa pode ter regra própria.",
    effect="Ligado, os próximos pedidos dependem do status na ANP.",
    example="Ligado, o pedido de um posto com autorização revogada pode ser recusado na hora.",
)
ANP_VALIDITY = Setting(
    "anp.validade_horas",
    "Validade da Consulta por Cliente em horas (procedimentos automáticos)",
    Number(0, 8760, "horas"),
    4,
    GENERAL,
    help="Por quantas horas uma consulta serve aos procedimentos automáticos, sem consultar de novo. "
    "A consulta manual ignora este prazo.",
    effect="Um número maior consulta menos; 0 consulta sempre.",
    example="Com 4 horas, consultado às 13:00: a próxima consulta automática é depois das 17:00.",
)
ANP_NO_ANSWER = Setting(
    "anp.sem_consulta",
    "Ação quando não for possível fazer Consulta",
    _choice(
        (OrderAction.REFUSE, "Não permite inclusão do Pedido", "O pedido espera até que a consulta seja possível."),
        (OrderAction.ALLOW, "Permite inclusão do Pedido s/ Consulta", "O pedido continua e o fato fica registrado."),
    ),
    OrderAction.REFUSE,
    GENERAL,
    help="O que fazer com o pedido quando ninguém respondeu à consulta, por exemplo sem internet.",
    effect="Vale para os próximos pedidos; uma permissão sem consulta fica registrada.",
    example="Sem internet e “Não permite”: o pedido não é incluído até a conexão voltar.",
)
ANP_COMPANY_ORDER = Setting(
    "anp.pedido_empresa",
    "Consulta da ANP na Inclusão do Pedido/NF de Venda para a Empresa",
    _choice(
        (CompanyConsultation.GENERAL, "Respeita Perfil de Sistema Geral", "Vale a regra geral."),
        (CompanyConsultation.ALWAYS, "Sempre executa consulta", "Consulta em todo pedido e nota desta empresa."),
        (CompanyConsultation.NEVER, "Nunca executa consulta", "Não consulta em pedidos e notas desta empresa."),
    ),
    CompanyConsultation.GENERAL,
    COMPANY,
    help="Se a empresa segue a regra geral de consultar a ANP na inclusão do pedido, ou tem regra própria.",
    effect="Vale para os próximos pedidos e notas desta empresa.",
    example="A empresa que só vende lubrificantes usa “Nunca executa consulta”.",
)
ANP_ORDER: dict[AnpStatus, Setting[OrderAction]] = {
    status: Setting(
        f"anp.pedido.{status.value}",
        f"Ação sobre o Pedido/NF de Venda: {status.label}",
        _choice(
            (OrderAction.ALLOW, "Permite a inclusão do Pedido/NF", "O pedido é incluído sem mensagem."),
            (OrderAction.REFUSE, "Não permite inclusão/alteração", "O pedido é recusado com o motivo."),
        ),
        OrderAction.ALLOW,
        GENERAL,
        help=f"O que acontece com o pedido ou nota de venda quando o status do cliente na ANP é “{status.label}”.",
        effect="Vale para os próximos pedidos e notas incluídos ou alterados.",
        example=f"Com “Não permite”, o pedido de um cliente com “{status.label}” é recusado e a mensagem diz por quê.",
        tag=status,
    )
    for status in AnpStatus
}

# --- Serviço no servidor ---------------------------------------------------------------------------------

ANP_SERVICE_INTERVAL = Setting(
    "anp.servico_intervalo",
    "Intervalo entre cada consulta (segundos)",
    Number(0, 86400, "segundos"),
    60,
    GENERAL,
    help="Pausa do serviço entre a consulta de um cliente e a do seguinte na ANP. "
    "Começa por quem nunca foi consultado e segue por quem foi consultado há mais tempo.",
    effect="Um número maior deixa o serviço mais lento.",
    example="Com 60 segundos, 60 clientes por hora.",
)
ANP_SERVICE_USER = Setting(
    "anp.servico_usuario",
    "Usuário de Consulta",
    Reference("usuarios"),
    None,
    GENERAL,
    help="Usuário gravado nas consultas que o serviço faz sozinho na ANP. "
    "Recomenda-se um usuário só para isso, com nome que se reconheça.",
    effect="As próximas consultas do serviço são gravadas com este usuário.",
    example="Usuário “Serviço ANP”, perfil operador.",
)
ANP_SERVICE_ACTION = Setting(
    "anp.servico_acao",
    "Ação de Consulta",
    _choice(
        (ServiceAction.CONSULT, "Somente Consulta", "Guarda o resultado e não muda o cliente."),
        (
            ServiceAction.CONSULT_AND_BLOCK,
            "Consulta e BLOQUEIA cliente conforme Status x Perfil de Sistema",
            "Aplica ao cliente a ação escolhida para o status.",
        ),
    ),
    ServiceAction.CONSULT,
    GENERAL,
    help="Se o serviço só guarda o resultado da ANP ou também aplica ao cliente a tabela de ações por status.",
    effect="Vale a partir da próxima consulta do serviço.",
    example="Com “Consulta e BLOQUEIA”, um posto revogado amanhece bloqueado.",
)
ANP_SERVICE_HOURS = Setting(
    "anp.servico_horario",
    "Horário Programado para as Consultas",
    WeeklyWindow(),
    ALWAYS,
    GENERAL,
    help="Horário e dias em que o serviço da ANP trabalha. Pode atravessar a meia-noite.",
    effect="Fora do horário o serviço espera; a consulta em andamento termina.",
    example="22:00 às 06:00, de segunda a sexta: a janela de sexta termina no sábado às 6:00.",
)

# --- Análise de crédito ----------------------------------------------------------------------------------

CREDIT_ALLOWED = Setting(
    "credito.permite",
    "Permite Consulta a Gerenciadora",
    Flag(),
    False,
    GENERAL_AND_COMPANY,
    help="Permite consultar a gerenciadora de análise de crédito. Cada consulta pode ser cobrada.",
    effect="Desligado, nenhuma análise é pedida, e os pedidos não a verificam.",
    example="Ligado no geral e desligado na empresa 2: só a empresa 2 não consulta.",
)
CREDIT_MANAGER = Setting(
    "credito.gerenciadora",
    "Gerenciadora Padrão",
    Reference("gerenciadoras"),
    None,
    GENERAL_AND_COMPANY,
    help="Gerenciadora consultada quando nenhuma outra é indicada. Vem da tabela Gerenciadoras de Análise de Crédito.",
    effect="As próximas análises são pedidas a ela.",
    example="Gerenciadora 1, Serasa, para todas as empresas.",
)
CREDIT_ENVIRONMENT = Setting(
    "credito.ambiente",
    "Ambiente",
    _choice(
        (Environment.PRODUCTION, "Produção", "Dados reais; cada consulta pode ser cobrada."),
        (Environment.TEST, "Homologação", "Dados de teste; nunca aprova um pedido de verdade."),
    ),
    Environment.TEST,
    GENERAL_AND_COMPANY,
    help="Se a análise é pedida ao ambiente real ou ao de teste da gerenciadora. "
    "O ambiente indicado no cadastro da gerenciadora vence esta configuração.",
    effect="As próximas análises usam o endereço e as credenciais do ambiente escolhido.",
    example="Homologação enquanto se testa; Produção no dia da virada.",
)
CREDIT_FORM = Setting(
    "credito.forma",
    "Forma de Consulta",
    _choice(
        (
            CreditConsultation.PENDING_ORDERS,
            "Somente para pedidos com consulta pendente",
            "O cadastro de clientes não consulta.",
        ),
        (CreditConsultation.ANY_ENTITY, "Qualquer entidade habilitada", "O cadastro de clientes também consulta."),
    ),
    CreditConsultation.PENDING_ORDERS,
    GENERAL,
    help="De onde a análise de crédito pode ser pedida. É o único campo deste quadro que vale sempre o geral.",
    effect="Com a primeira opção, o botão de análise no cadastro do cliente fica desabilitado.",
    example="“Somente para pedidos”: a análise só é pedida quando um pedido depende dela.",
)
CREDIT_DAYS = Setting(
    "credito.prazo",
    "Prazo (dias) para a consulta expirar",
    Number(1, 3650, "dias"),
    90,
    GENERAL_AND_COMPANY,
    help="Por quantos dias, contados da última consulta realizada, uma análise continua valendo.",
    effect="Um prazo menor pede análises novas mais cedo, e cada uma pode ser cobrada.",
    example="Consulta de 01/11 com 90 dias: vale até 30/01.",
)

CREDIT_MIN_SCORE = Setting(
    "credito.score_minimo",
    "Score mínimo",
    Number(0, 1000, "pontos"),
    0,
    GENERAL_AND_COMPANY,
    help="Pontuação abaixo da qual a análise é reprovada. Com 0 a pontuação não é verificada.",
    effect="Vale já para as análises que se têm: cada pedido as julga de novo. Com um mínimo, uma resposta sem "
    "pontuação fica indefinida.",
    example="Com 500, um cliente de score 480 é reprovado.",
)
CREDIT_MAX_NEGATIVE = Setting(
    "credito.valor_negativo_maximo",
    "Valor máximo de registros negativos",
    Money(),
    Decimal("0.00"),
    GENERAL_AND_COMPANY,
    help="Soma das dívidas, protestos e outros registros negativos acima da qual a análise é reprovada.",
    effect="Vale já para as análises que se têm: cada pedido as julga de novo. Com 0,00 qualquer registro reprova.",
    example="Com R$ 500,00, um protesto de R$ 334,62 não reprova, e dois reprovam.",
)
CREDIT_ORDER = Setting(
    "credito.pedido",
    "Ação sobre o Pedido/NF sem análise aprovada",
    _choice(
        (
            CreditOrderAction.REFUSE,
            "Não permite inclusão/alteração",
            "Sem análise aprovada e dentro do prazo, o pedido não segue.",
        ),
        (CreditOrderAction.WARN, "Permite e avisa", "O pedido segue, e a resposta diz como está a análise."),
    ),
    CreditOrderAction.REFUSE,
    GENERAL_AND_COMPANY,
    help="O que acontece com o pedido ou a nota de um cliente cuja análise está pendente, vencida, reprovada, "
    "indefinida ou não pôde ser feita. O pedido que precisa de uma análise já a põe na fila, a não ser que outro "
    "motivo já o recuse; depois de uma falha, só 24 horas mais tarde.",
    effect="Vale a partir da próxima avaliação. Em Homologação nenhuma análise aprova um pedido: enquanto se testa, "
    "use “Permite e avisa”.",
    example="“Não permite”: o primeiro pedido de um cliente espera até a análise dele ser aprovada.",
)
CREDIT_CUSTOMER = Setting(
    "credito.cliente",
    "Ação sobre o cliente conforme a análise",
    _choice(
        (CreditCustomerAction.NOTHING, "Não faz nada", "A análise só é guardada, e o pedido é que a verifica."),
        (
            CreditCustomerAction.BLOCK_UNBLOCK,
            "Bloqueia/Desbloqueia o cliente",
            "Reprovada bloqueia; aprovada tira o bloqueio que outra análise tinha posto.",
        ),
    ),
    CreditCustomerAction.NOTHING,
    GENERAL_AND_COMPANY,
    help="Se o resultado de uma análise de Produção bloqueia ou desbloqueia o cliente. Falhas e análises indefinidas "
    "nunca mudam o cliente, nem as de Homologação.",
    effect="Vale a partir da próxima análise. O bloqueio vale para pedidos e notas de todas as empresas.",
    example="Com “Bloqueia/Desbloqueia”, um cliente com protestos fica bloqueado até uma análise aprovada.",
)
CREDIT_INTERVAL = Setting(
    "credito.intervalo",
    "Intervalo entre cada verificação da fila",
    Number(1, 1440, "minutos"),
    5,
    GENERAL,
    help="De quanto em quanto tempo o serviço consulta as análises pedidas. As urgentes não esperam.",
    effect="Um intervalo menor responde antes ao pedido que espera; o número de consultas não muda.",
    example="Com 5 minutos, a análise pedida às 10:01 é feita até as 10:06.",
)
CREDIT_KEEP = Setting(
    "credito.retencao",
    "Guardar a resposta original da gerenciadora por",
    Number(1, 3650, "dias"),
    90,
    GENERAL,
    help="Por quantos dias fica guardada a resposta como a gerenciadora a mandou, com dados de dívidas de terceiros. "
    "Depois ela é apagada; o resumo, o resultado e os motivos ficam.",
    effect="Um prazo menor apaga hoje mesmo as respostas mais antigas do que ele.",
    example="Com 90 dias, a resposta de 01/11 é apagada em 30/01.",
)

# --- This computer: the way out to the internet ----------------------------------------------------------

PROXY_USE = Setting(
    "rede.proxy",
    "Proxy",
    _choice(
        (ProxyUse.SYSTEM, "O do sistema", "O que o Windows ou as variáveis HTTPS_PROXY e NO_PROXY dizem."),
        (ProxyUse.NONE, "Nenhum", "Sai direto para a internet, mesmo que o sistema tenha um proxy."),
        (ProxyUse.ADDRESS, "Este endereço", "O proxy informado abaixo, para tudo o que sai deste computador."),
    ),
    ProxyUse.SYSTEM,
    MACHINE,
    help="Por onde saem as chamadas à SEFAZ, à ANP, ao WhatsApp, às gerenciadoras e às atualizações. "
    "O que é deste mesmo computador, o banco e o serviço de integração nunca passam por proxy.",
    effect="Vale a partir da próxima chamada. O serviço do Windows não vê o proxy da sua conta, e script de "
    "configuração automática (PAC) não é seguido: nesses casos informe o endereço.",
    example="A loja só sai pelo proxy da matriz: “Este endereço”, com proxy.matriz.local e a porta 3128.",
)
PROXY_HOST = Setting(
    "rede.proxy_servidor",
    "Servidor proxy",
    Host(required=False),
    "",
    MACHINE,
    help="Nome ou IP do proxy, que precisa aceitar CONNECT por HTTP. Só é usado com “Este endereço”.",
    effect="A próxima chamada para fora passa por ele. Um proxy que não existe impede todas as consultas.",
    example="O navegador mostra o proxy 192.168.0.1:3128: aqui vai 192.168.0.1.",
)
PROXY_PORT = Setting(
    "rede.proxy_porta",
    "Porta do proxy",
    PORT,
    3128,
    MACHINE,
    help="Porta em que o proxy atende. As mais comuns são 3128 e 8080. Só é usada com “Este endereço”.",
    effect="A próxima chamada para fora procura o proxy nesta porta.",
    example="O navegador mostra o proxy 192.168.0.1:3128: aqui vai 3128.",
)
PROXY_USER = Setting(
    "rede.proxy_usuario",
    "Usuário do proxy",
    Text(120),
    "",
    MACHINE,
    help="Usuário com que o programa se identifica no proxy. Vazio, não se identifica. "
    "Só a identificação básica (Basic) é usada; a do Windows (NTLM, Negotiate) não.",
    effect="A próxima chamada leva este usuário e a senha guardada no cofre do sistema; informe também a senha.",
    example="A informática criou o usuário retaguarda no proxy, só para este programa.",
)
SYSTEM_TRUST = Setting(
    "rede.autoridades_sistema",
    "Confiar também nas autoridades do sistema",
    Flag(),
    False,
    MACHINE,
    help="Aceita, além das autoridades do programa e do arquivo ac_adicionais.pem, as que este computador conhece, "
    "como a de um antivírus ou proxy que inspeciona a rede. A verificação nunca é desligada.",
    effect="Vale a partir da próxima conexão. Quem controla as autoridades deste computador passa a poder ler o que o "
    "programa envia. Na SEFAZ a inspeção continua impossível: o certificado da filial não passa por ela.",
    example="O antivírus troca os certificados das páginas e a ANP deixou de responder: ligue, e ela volta.",
)

# --- This computer: updates of the program ---------------------------------------------------------------

UPDATE_ADDRESS = Setting(
    "atualizacao.endereco",
    "Endereço das atualizações",
    WebAddress(required=False),
    "",
    MACHINE,
    help="De onde vem o aviso de versão nova: o endereço do manifesto assinado que quem distribui o programa publica. "
    "A assinatura é procurada ao lado, com o mesmo nome e “.sig”. Vazio, nada é procurado.",
    effect="Com o endereço e a chave, o programa passa a procurar versão nova; ele avisa, baixa quando alguém pede e "
    "nunca instala sozinho.",
    example="Uma página da própria empresa: https://exemplo.com.br/retaguarda.json.",
)
UPDATE_KEY = Setting(
    "atualizacao.chave",
    "Chave pública de quem distribui",
    PublicKey(),
    "",
    MACHINE,
    help="A chave com que se confere se o manifesto e o arquivo são mesmo de quem distribui o programa. "
    "Ela não é secreta, mas precisa chegar por um caminho de confiança, nunca pelo endereço das atualizações.",
    effect="Só é aceito o que foi assinado com a chave que faz par com esta; trocada, o que se sabia da versão nova é "
    "esquecido.",
    example="A informática da empresa recebeu a chave de quem entregou o programa e a grava em todos os computadores.",
)
UPDATE_FREQUENCY = Setting(
    "atualizacao.frequencia",
    "Procurar versão nova",
    _choice(
        (UpdateFrequency.ASKED, "Só quando alguém pedir", "Nada é procurado sozinho."),
        (UpdateFrequency.DAILY, "Todo dia", "Procura uma vez por dia, com a janela aberta ou na bandeja."),
        (UpdateFrequency.WEEKLY, "Toda semana", "Procura a cada sete dias, com a janela aberta ou na bandeja."),
    ),
    UpdateFrequency.WEEKLY,
    MACHINE,
    help="De quanto em quanto tempo este computador pergunta no endereço das atualizações. "
    "A pergunta leva só o nome e a versão do programa: nenhum dado da empresa, do usuário ou do computador.",
    effect="A próxima procura passa a contar este prazo desde a última que deu certo.",
    example="Com “Toda semana”, quem procurou na segunda-feira procura de novo na segunda seguinte.",
)

# --- Screens ---------------------------------------------------------------------------------------------

CUSTOMERS_PAGE = Page(
    "clientes",
    "Perfis de clientes",
    ("Ferramentas", "Sistema", "Clientes"),
    (
        Tab(
            "Consulta SEFAZ",
            (
                Group("Consulta Cadastro de Contribuinte", (SEFAZ_AUTOMATIC, SEFAZ_ENTITY)),
                Group(
                    "Configuração do serviço de consulta",
                    (SEFAZ_PERIOD, SEFAZ_INTERVAL, SEFAZ_BATCH, SEFAZ_USER, SEFAZ_BRANCH),
                ),
                Group("Valor padrão na inclusão de clientes", (SEFAZ_DEFAULT_ACTION,)),
            ),
            simulates=Authority.SEFAZ,
        ),
        Tab(
            "Bandeira e região",
            (
                Group("Cliente", (ANP_UPDATE_BRAND, DEFAULT_REGION)),
                Group("Bandeira da ANP inexistente na tabela", (ANP_CUSTOMER_NO_BRAND, ANP_ORDER_NO_BRAND)),
            ),
            simulates=Authority.ANP,
        ),
        Tab(
            "Consulta ANP",
            (
                Group("Consulta on-line", (ANP_URL, ANP_URL_SECONDARY, ANP_ONLINE, ANP_KEPT)),
                Group(
                    "Ação conforme o status na ANP",
                    (*ANP_CUSTOMER.values(), *ANP_ORDER.values()),
                    columns=("Cliente", "Pedido / NF"),
                ),
                Group(
                    "Listas publicadas pela ANP",
                    (ANP_LIST_AUTOMOTIVE, ANP_LIST_GLP, ANP_LIST_DISTRIBUTORS, ANP_MIRROR_AGE),
                ),
            ),
            simulates=Authority.ANP,
        ),
        Tab(
            "Pedido e NF",
            (
                Group("Consulta na inclusão do pedido", (ANP_ORDER_CONSULT, ANP_VALIDITY, ANP_NO_ANSWER)),
                Group("Regra da empresa", (ANP_COMPANY_ORDER,)),
            ),
        ),
        Tab(
            "Serviço no servidor",
            (
                Group(
                    "Serviço de consulta à ANP",
                    (ANP_SERVICE_INTERVAL, ANP_SERVICE_USER, ANP_SERVICE_ACTION, ANP_SERVICE_HOURS),
                ),
            ),
        ),
        Tab(
            "Análise de crédito",
            (
                Group(
                    "Análise de Crédito via Gerenciadora",
                    (CREDIT_ALLOWED, CREDIT_MANAGER, CREDIT_ENVIRONMENT, CREDIT_FORM, CREDIT_DAYS),
                ),
                Group(
                    "O que aprova e o que acontece sem aprovação",
                    (CREDIT_MIN_SCORE, CREDIT_MAX_NEGATIVE, CREDIT_ORDER, CREDIT_CUSTOMER),
                ),
                Group("Serviço de análise de crédito", (CREDIT_INTERVAL, CREDIT_KEEP)),
            ),
        ),
    ),
)

INTEGRATION_PAGE = Page(
    "integracao",
    "Integração",
    ("Balcão", "Integração"),
    (
        Tab(
            "Servidor e banco",
            (
                Group(
                    "Servidor",
                    (SERVER, DATABASE_PORT, INTEGRATION_PORT),
                    note="O endereço e a porta do banco valem com o servidor PostgreSQL.",
                ),
                Group(
                    "Banco de dados deste computador",
                    (DATABASE_KIND, DATABASE_NAME, DATABASE_USER, DATABASE_SSL),
                ),
            ),
        ),
        Tab(
            "Serviço de integração",
            (
                Group(
                    "Atendimento dos balcões",
                    (INTEGRATION_ACTIVE, INTEGRATION_ADDRESS, INTEGRATION_RATE),
                ),
                Group("Criptografia (TLS)", (INTEGRATION_CERTIFICATE, INTEGRATION_KEY)),
            ),
        ),
        Tab(
            "Crediário",
            (
                Group("Crediário vencido", (OVERDUE_BUDGET, OVERDUE_PRE_SALE)),
                Group(
                    "Quando houver parcela vencida",
                    (OVERDUE_GRACE, OVERDUE_MINIMUM, OVERDUE_COMPANIES, OVERDUE_ACTION),
                ),
                Group("Quando não for possível verificar", (OVERDUE_DATA_AGE, OVERDUE_UNCHECKED)),
            ),
        ),
        Tab(
            "WhatsApp",
            (
                Group("Ordem de serviço", (WHATSAPP_ORDERS,)),
                Group("Conta na Meta", (WHATSAPP_NUMBER, WHATSAPP_VERSION, WHATSAPP_URL)),
                Group(
                    "Modelos de mensagem",
                    (
                        WHATSAPP_LANGUAGE,
                        *(s for stage in ServiceOrderStage for s in (WHATSAPP_TEMPLATE[stage], WHATSAPP_FIELDS[stage])),
                    ),
                ),
                Group(
                    "Envio",
                    (WHATSAPP_HOURS, WHATSAPP_EXPIRY, WHATSAPP_COLLAPSE, WHATSAPP_DAILY, WHATSAPP_KEEP),
                ),
            ),
        ),
        Tab(
            "Este computador",
            (
                Group("Saída para a internet", (PROXY_USE, PROXY_HOST, PROXY_PORT, PROXY_USER)),
                Group("Autoridades de certificação", (SYSTEM_TRUST,)),
                Group(
                    "Atualização do programa",
                    (UPDATE_ADDRESS, UPDATE_KEY, UPDATE_FREQUENCY),
                    note="Desligada enquanto faltar o endereço ou a chave. A versão nova aparece em Início e em "
                    "Ajuda › Atualização.",
                ),
            ),
        ),
    ),
)

PAGES = (CUSTOMERS_PAGE, INTEGRATION_PAGE)
ALL: tuple[Setting[Any], ...] = tuple(setting for page in PAGES for setting in page.settings)
BY_KEY: dict[str, Setting[Any]] = {setting.key: setting for setting in ALL}
